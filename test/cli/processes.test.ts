import { expect, test } from 'vitest';
import { openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';
import { spawnCli } from './spawn-cli.js';

// The other tests run commands in their own process. For each group of commands, these prove that the
// built command line works as a process: arguments, stdin, environment, signals and exit codes.

const RETIREMENTS = 'arn:aws:states:eu-west-1:111122223333:stateMachine:Retirement';

test('policy: prints its answer to stdout, without colors in a pipe', async () => {
  const { status, stdout, stderr } = await spawnCli(['policy', 'check']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^✓ governance\.yaml is a valid policy\n/);
  expect(stdout).not.toContain('\u001b');
});

test('simulate: reads stdin, and exits with 1 if requests would have been refused', async () => {
  const caller = 'arn:aws:sts::111122223333:assumed-role/analyst/ana';
  const request = { at: '2026-11-24T09:30:00Z', caller, model: 'mistral-large-latest' };
  const stdin = `${JSON.stringify(request)}\n`;
  const run = await spawnCli(['simulate', '--usage', '-', '--json'], { stdin });
  expect(run).toMatchObject({ status: 1, stderr: '' });
  expect(documentOf(run)).toMatchObject({ requests: 1, refused: 1 });
});

test('keys: takes a piped key without a prompt, and prints no piece of it', async () => {
  const key = 'NoSuchKeyAtMistralAtAll-1234567';
  const secret = 'mistral/dev-workspace/dev-team-key';
  const world = await openCliWorld({
    outputs: { RotationFunctionName: 'rotation', RetirementStateMachineArn: RETIREMENTS },
    change: (document) => {
      document.mistral.keySource = 'operator';
    },
    functions: () => ({ rotation: async () => undefined }),
  });
  world.secrets.create(secret);
  const args = ['keys', 'supply', 'dev-team-key', '--name', 'from-console'];
  const { status, stdout, stderr } = await world.spawn(args, { stdin: `${key}\n` });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^✓ the new key of .* is current\n/);
  expect(stdout + stderr).not.toContain(key.slice(0, 8));
  expect(world.secrets.valueAt(secret, 'AWSPENDING')).toContain(key);
});

test('audit: finds the stack with the credentials and the region of its environment', async () => {
  const summary = { keys: 3, findings: [], opened: 0, reminded: 0, resolved: 0, models: 'known' };
  const world = await openCliWorld({
    outputs: { AuditFunctionName: 'audit', RetirementStateMachineArn: RETIREMENTS },
    functions: () => ({ audit: async () => ({ ...summary, problems: [] }) }),
  });
  expect(await world.spawn(['audit'])).toEqual({
    status: 0,
    stdout: '✓ 3 keys checked: 0 findings, 0 of them new; 0 resolved\n',
    stderr: '',
  });
});

test('workspaces: ends with 130 on ^C', async () => {
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

test('without a command: prints the help to stderr and exits with 2', async () => {
  const { status, stdout, stderr } = await spawnCli([]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^Usage: mistral-governance /);
});
