import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const runbook = readFileSync(join(import.meta.dirname, '../docs/runbook.md'), 'utf8');
const pages = runbook
  .split(/^(?=## )/m)
  .map((text) => ({ title: /^## (.+)/.exec(text)?.[1] ?? 'top', text, blocks: blocksOf(text) }));
const common = pages.find(({ title }) => title === 'Before anything else')?.text ?? '';

describe.each(pages.filter(({ blocks }) => blocks.length > 0))('$title', ({ text, blocks }) => {
  test('has commands that a shell can read', () => {
    for (const block of blocks) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      expect(stderr, block).toBe('');
      expect(status).toBe(0);
    }
  });

  test('uses no variable that neither it nor the beginning of the runbook sets', () => {
    const set = new Set([...setIn(common), ...setIn(text)]);
    const used = blocks.flatMap((block) => [...block.matchAll(/\$\{?([A-Z][A-Z_]+)/g)]);
    expect(used.map(([, name = '']) => name).filter((name) => !set.has(name))).toEqual([]);
  });
});

/** Those in lists are indented. */
function blocksOf(text: string): string[] {
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

function setIn(text: string): string[] {
  const assigned = [...text.matchAll(/\b([A-Z][A-Z_]+)=/g)].map(([, name = '']) => name);
  const read = [...text.matchAll(/\bread -\w+ ([A-Z][A-Z_]+)/g)].map(([, name = '']) => name);
  return [...assigned, ...read];
}
