import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('cdk synth lists every problem of an invalid policy, without a stack trace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wrong-policy-'));
  const policy = join(folder, 'governance.yaml');
  writeFileSync(policy, 'workspaces: []\naudit: { timezone: Mars }\n');

  const output = join(folder, 'cdk.out');
  const cdk = join(ROOT, 'node_modules/.bin/cdk');
  const options = ['--quiet', '--no-notices', '--output', output, '-c', `policy=${policy}`];
  const { status, stderr } = spawnSync(cdk, ['synth', ...options], { cwd: ROOT, encoding: 'utf8' });

  expect(status).toBe(1);
  expect(stderr).toContain(`${policy} has 2 problems:`);
  expect(stderr).toMatch(/^ {2}workspaces: \[\] is too short/m);
  expect(stderr).toMatch(/^ {2}audit\.timezone: .*Mars/m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(join(output, 'manifest.json'))).toBe(false);
});
