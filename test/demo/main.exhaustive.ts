import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { anOperatorPolicy } from '../support/builders.js';

const ROOT = join(import.meta.dirname, '../..');

// What a run prints is tested without a process; `.ci/run` reads the document of a real one.
test('npm start ends with 2 for a policy that it cannot play, and keeps stdout for the document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'two-keys.yaml');
  const policy = anOperatorPolicy((document) => {
    document.workspaces = document.workspaces.slice(0, 2);
    document.callers = [];
  });
  writeFileSync(path, JSON.stringify(policy));
  const args = ['--import', 'tsx', join(ROOT, 'demo/main.ts'), '--policy', path, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(`${path} has fewer than three keys`);
});
