import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

// What a run prints is tested without a process; `.ci/run` reads the document of a real one.
test('npm start ends with 2 for a policy that is not valid, and keeps stdout for the document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'mine.yaml');
  writeFileSync(path, 'workspaces: []\n');
  const args = ['--import', 'tsx', join(ROOT, 'demo/main.ts'), '--policy', path, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('workspaces');
});

test.each([
  ['an option that it does not have', ['--polcy', 'mine.yaml'], 2, "Unknown option '--polcy'"],
  ['a policy without its option', ['mine.yaml'], 2, "Unexpected argument 'mine.yaml'"],
  ['--help', ['--help'], 0, ''],
])('npm start says for %s how it is used', (_what, options, status, problem) => {
  const args = ['--import', 'tsx', 'demo/main.ts', ...options];
  const run = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(run.status).toBe(status);
  expect(run.stderr).toContain(problem);
  expect(run.stdout + run.stderr).toContain('Usage: npm start -- [options]');
  expect(run.stderr).not.toContain('    at ');
});

test('npm start prints where the audit report is, of an own policy too', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'demo-'));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  const chosen = join(temporary, 'chosen');
  const runs = [[], ['--evidence', chosen]].map((options) => {
    const args = [
      '--import',
      'tsx',
      'demo/main.ts',
      '--policy',
      'examples/operator.yaml',
      ...options,
    ];
    const command = [`TMPDIR=${temporary}`, process.execPath, ...args];
    const { stdout } = spawnSync('env', command, { cwd: ROOT, encoding: 'utf8' });
    return /^Audit report of the last night: (\S+)$/m.exec(stdout)?.[1] ?? 'none';
  });
  expect(runs).toEqual([expect.stringContaining(temporary), join(chosen, 'report.html')]);
  for (const page of runs) expect(readFileSync(page, 'utf8')).toContain('<!doctype html>');
});
