import { expect, test } from 'vitest';
import { openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';

const PROBLEM = 'workspace dev-workspace: Mistral answers 503';
const AUDITED = { keys: 0, findings: [], opened: 0, reminded: 0, resolved: 0, models: 'unknown' };

const openWorld = (problems: readonly string[]) =>
  openCliWorld({
    outputs: {
      RetirementStateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Retirement',
      AuditFunctionName: 'audit',
      SpendMonitorFunctionName: 'spend',
    },
    functions: () => ({
      audit: async () => ({ ...AUDITED, problems }),
      spend: async () => ({ spend: [], problems }),
    }),
  });

test.each(['audit', 'spend'])('%s with a problem does not report success', async (command) => {
  const { run } = await openWorld([PROBLEM]);
  const { status, stdout } = await run([command]);
  expect(status).toBe(1);
  expect(stdout).toContain(PROBLEM);
  expect(stdout).not.toContain('✓');
  const inJson = await run([command, '--json']);
  expect({ status: inJson.status, problems: documentOf(inJson).problems }).toEqual({
    status: 1,
    problems: [PROBLEM],
  });
});

test.each(['audit', 'spend'])('%s without problems or findings does', async (command) => {
  const { run } = await openWorld([]);
  expect((await run([command])).status).toBe(0);
});
