import { type ChildProcessWithoutNullStreams as Child, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPolicy } from '../../client/policy-source.js';
import { openOutbound } from '../../governance/platform/outbound.js';
import { outboundSettings } from '../../governance/platform/outbound-settings.js';
import { readPolicyText } from '../../governance/policy/policy-yaml.js';
import { spawnCli } from '../cli/spawn-cli.js';

const ROOT = join(import.meta.dirname, '../..');

describe('a file without an end', () => {
  test('is no policy', async () => {
    const { status, stderr } = await spawnCli(['policy', 'check', '/dev/zero']);
    expect(stderr).toContain('policy /dev/zero could not be read: it has more than 8 MiB');
    expect(status).toBe(2);
  });

  test('is no policy on stdin', async () => {
    const child = spawn(
      'sh',
      ['-c', 'yes "# a" | "$0" bin/mistral-governance.js policy check -', process.execPath],
      {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect(stderr).toContain('policy stdin could not be read: it has more than 8 MiB');
  });

  test('is no policy of the client library', async () => {
    const read = readPolicy('/dev/zero');
    await expect(read).rejects.toThrow(
      'policy /dev/zero could not be read: it has more than 8 MiB',
    );
  });

  test.each(['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])('is no %s', (name) => {
    const bundle = name === 'AWS_CA_BUNDLE' ? {} : { AWS_CA_BUNDLE: 'package.json' };
    const settings = outboundSettings({ ...bundle, [name]: '/dev/zero' });
    expect(() => settings && openOutbound(settings)).toThrow(
      'the certificates in /dev/zero could not be read: it has more than 8 MiB',
    );
  });

  test('is no bill', async () => {
    const { status, stderr } = await spawnCli([
      'simulate',
      '--workspace',
      'dev-workspace',
      '--usage',
      '/dev/zero',
    ]);
    expect(stderr).toContain('usage /dev/zero could not be read: it has more than 64 MiB');
    expect(status).toBe(2);
  });
});

test.each([
  ['of itself', 'a: &x [*x]'],
  ['of itself, widely', `a: &x [${'*x,'.repeat(4000)}]`],
  ['of each other', 'a: &x {b: &y {c: *x, d: *y}, e: *y}'],
  ['of the whole document', '&x\na: *x'],
  ['of a value that has many', `a: &x 1\nb: [${'*x,'.repeat(100_000)}]`],
])('aliases %s are refused at once', (_what, yaml) => {
  expect(() => readPolicyText(yaml)).toThrow(/refers to itself|more than 5,000 aliases/);
});

describe('SIGUSR1 opens no inspector', () => {
  async function heardAfterSignal(
    args: readonly string[],
    isUp: (child: Child) => Promise<unknown>,
  ) {
    const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
      cwd: ROOT,
      env: {
        ...{ QUOTA_TABLE_NAME: 'quotas', ALERTS_TOPIC_ARN: 'alerts', AWS_REGION: 'eu-west-1' },
        ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = text(child.stderr);
    await isUp(child);
    child.kill('SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGKILL');
    return said;
  }

  test('in the command line', async () => {
    // More than fits on the way: it is all written once the command reads.
    const policy = '# comment\n'.repeat(100_000);
    const isReading = ({ stdin }: Child) => new Promise((resolve) => stdin.write(policy, resolve));
    const said = await heardAfterSignal(['cli/main.ts', 'policy', 'check', '-'], isReading);
    expect(said).not.toContain('Debugger listening');
  });

  test('in the plain server', async () => {
    const isListening = ({ stdout }: Child) => once(stdout, 'data');
    const said = await heardAfterSignal(['gateway/server/main.ts', '--port', '0'], isListening);
    expect(said).not.toContain('Debugger listening');
  });
});
