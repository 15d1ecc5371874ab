import { describe, expect, test } from 'vitest';
import { openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';
import { spawnCli } from './spawn-cli.js';

// Other tests run the command line in their own process. These prove that it works as one of its own.

const CALLER = 'arn:aws:sts::111122223333:assumed-role/analyst/ana';
const OUTPUTS = {
  AuditFunctionName: 'audit',
  SpendMonitorFunctionName: 'spend',
  RetirementStateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Retirement',
};
const AUDITED = { keys: 3, findings: [], opened: 0, reminded: 0, resolved: 0, models: 'known' };

describe('a process', () => {
  test('prints answers to stdout, without colors in a pipe', async () => {
    const { status, stdout, stderr } = await spawnCli(['policy', 'check']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ governance\.yaml is a valid policy\n/);
    expect(stdout).not.toContain('\u001b');
  });

  test('has colors with FORCE_COLOR', async () => {
    const { stdout } = await spawnCli(['policy', 'check'], { env: { FORCE_COLOR: '1' } });
    expect(stdout).toContain('\u001b[32m✓\u001b[39m');
  });

  test('prints errors to stderr, or with --json to stdout', async () => {
    const args = ['policy', 'check', 'none.yaml'];
    const [text, json] = await Promise.all([spawnCli(args), spawnCli([...args, '--json'])]);
    expect({ status: text.status, stdout: text.stdout }).toEqual({ status: 2, stdout: '' });
    expect(text.stderr).toMatch(/^error: policy none\.yaml could not be read: /);
    expect({ status: json.status, stderr: json.stderr }).toEqual({ status: 2, stderr: '' });
    expect(documentOf(json).error.code).toBe('policy_unreadable');
  });

  test('reads stdin, and exits with 1 where the answer is no', async () => {
    const request = { at: '2026-11-24T09:30:00Z', caller: CALLER, model: 'mistral-large-latest' };
    const stdin = `${JSON.stringify(request)}\n`;
    const [simulated, explained] = await Promise.all([
      spawnCli(['simulate', '--usage', '-', '--json'], { stdin }),
      spawnCli(['explain', CALLER, 'mistral-large-latest']),
    ]);
    expect({ status: simulated.status, ...documentOf(simulated) }).toMatchObject({
      status: 1,
      requests: 1,
      refused: 1,
    });
    expect(explained.status).toBe(1);
    expect(explained.stdout).toMatch(/^✗ refused, model_not_allowed: /);
  });

  test('takes a piped key, asks nothing, and prints no piece of the key', async () => {
    const key = 'NoSuchKeyAtMistralAtAll-1234567';
    const world = await openCliWorld({
      outputs: { ...OUTPUTS, RotationFunctionName: 'rotation' },
      change: (document) => {
        document.mistral.keySource = 'operator';
      },
      functions: () => ({ rotation: async () => undefined }),
    });
    world.secrets.create('mistral/dev-workspace/dev-team-key');
    const args = ['keys', 'supply', 'dev-team-key', '--name', 'by-hand'];
    const { status, stdout, stderr } = await world.spawn(args, { stdin: `${key}\n` });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('is current'),
    });
    expect(stdout + stderr).not.toContain(key.slice(0, 8));
    expect(world.secrets.valueAt('mistral/dev-workspace/dev-team-key', 'AWSPENDING')).toContain(
      key,
    );
  });

  test('finds the stack with the credentials and the region of its environment', async () => {
    const world = await openCliWorld({
      outputs: OUTPUTS,
      functions: () => ({
        audit: async () => ({ ...AUDITED, problems: [] }),
        spend: async () => ({ spend: [], problems: ['workspace dev-workspace: no answer'] }),
      }),
    });
    const [audit, spend] = await Promise.all([world.spawn(['audit']), world.spawn(['spend'])]);
    expect(audit).toEqual({
      status: 0,
      stdout: '✓ 3 keys checked: 0 findings, 0 of them new; 0 resolved\n',
      stderr: '',
    });
    expect(spend.status).toBe(1);
  });

  test('ends with 3 without credentials', async () => {
    const world = await openCliWorld();
    const run = await world.spawn(['workspaces', 'sync'], { env: { AWS_ACCESS_KEY_ID: '' } });
    expect(run).toMatchObject({ status: 3, stdout: '' });
    expect(run.stderr).toMatch(/^error: no AWS credentials: /);
  });

  test('ends with 130 on ^C', async () => {
    let arrived = () => {};
    const interruptAfter = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const world = await openCliWorld({
      intercept: () => {
        arrived();
        return 'no answer';
      },
    });
    const { status, stdout } = await world.spawn(['workspaces', 'sync'], { interruptAfter });
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  });

  test('shows its help, and ends with 2 without a command', async () => {
    const [help, nothing] = await Promise.all([spawnCli(['--help']), spawnCli([])]);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: mistral-governance /);
    expect(nothing).toMatchObject({ status: 2, stdout: '' });
    expect(nothing.stderr).toMatch(/^Usage: mistral-governance /);
  });
});
