import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('npm ci warns of no package that is for a newer Node than ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npm-ci-'));
  for (const file of ['package.json', 'package-lock.json']) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  const options = ['--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = run('npm', ['ci', ...options], folder);
  expect(stderr).not.toContain('EBADENGINE');
  expect(status).toBe(0);
});

test('clients of AWS in tests and their processes do not warn of the version of Node', () => {
  const script = `import { SNSClient } from '@aws-sdk/client-sns'; new SNSClient({ region: 'eu-west-1' });`;
  const { status, stderr } = run(process.execPath, ['--input-type=module', '-e', script], ROOT);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('git ignores the archive that npm pack writes', () => {
  expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain('*.tgz');
});

function run(program: string, args: readonly string[], cwd: string) {
  return spawnSync(program, args, { cwd, encoding: 'utf8' });
}
