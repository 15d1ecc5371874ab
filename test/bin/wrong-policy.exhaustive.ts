import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** `cdk synth` of a policy that it does not take. */
function synth(policy: string): string {
  const output = join(mkdtempSync(join(tmpdir(), 'wrong-policy-')), 'cdk.out');
  const cdk = join(ROOT, 'node_modules/.bin/cdk');
  const options = ['--quiet', '--no-notices', '--output', output, '-c', `policy=${policy}`];
  const { status, stderr } = spawnSync(cdk, ['synth', ...options], { cwd: ROOT, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(join(output, 'manifest.json'))).toBe(false);
  return stderr;
}

test('cdk synth lists every problem of an invalid policy, without a stack trace', () => {
  const policy = join(mkdtempSync(join(tmpdir(), 'wrong-policy-')), 'governance.yaml');
  writeFileSync(policy, 'workspaces: []\naudit: { timezone: Mars }\n');

  const stderr = synth(policy);

  expect(stderr).toContain(`${policy} has 2 problems:`);
  expect(stderr).toMatch(/^ {2}\S+governance\.yaml:1:1 {2}workspaces: \[\] is too short/m);
  expect(stderr).toMatch(/^ {2}\S+governance\.yaml:2:10 {2}audit\.timezone: .*Mars/m);
});

test('cdk synth fails for a gateway where the CDK CLI would deploy it without function URLs', () => {
  vi.stubEnv('AWS_REGION', 'us-gov-west-1');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(synth('governance.yaml')).toContain(
    'gateway.enabled: true needs Lambda function URLs, which us-gov-west-1 does not have',
  );
});
