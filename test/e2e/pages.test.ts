import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { FOLLOWED, readPage } from '../../e2e/documents.js';
import { NOT_RUN } from '../../e2e/pages.js';

const blocks = FOLLOWED.flatMap((page) => readPage(page).blocks.map(({ text }) => text));

test.each(NOT_RUN)('$part is of one block, which is not run: $why', ({ part }) => {
  expect(blocks.filter((text) => text.includes(part))).toHaveLength(1);
});

describe('the pages that are followed', () => {
  test('have commands', () => {
    expect(blocks.length).toBeGreaterThan(30);
  });

  test('have commands that a shell can read', () => {
    // All at once: a shell for each takes longer than reading them.
    const { stderr } = spawnSync('bash', ['-n'], { input: blocks.join('\n'), encoding: 'utf8' });
    expect(stderr).toBe('');
  });
});
