import { expect, test } from 'vitest';
import type { Alert } from '../../lambdas/domain/alert.js';
import { createTellOnCallHandler } from '../../lambdas/tell-on-call/handler.js';
import { aRetirement } from '../support/builders.js';

const at = new Date('2026-04-08T01:00:00Z');
const verdict = { checkAt: '2026-04-09T01:00:00.000Z', lastUsedOn: '2026-04-07', reason: 'gone' };
const arns = { executionArn: 'arn:execution', stateMachineArn: 'arn:machine' };

async function told(story: string, state: object = {}): Promise<Alert> {
  const published: Alert[] = [];
  const recorded: [string, Alert][] = [];
  await createTellOnCallHandler({
    alerts: { publish: async (alert) => void published.push(alert) },
    journal: { record: async (subject, alert) => void recorded.push([subject, alert]) },
    now: () => at,
  })({ story, flow: { ...aRetirement(), ...state }, ...arns });
  const [alert] = published as [Alert];
  expect(recorded).toEqual([['mistral/dev-workspace/dev-team-key', alert]]);
  return alert;
}

test.each([
  ['in-use', { verdict }, 'key-in-use', 'warning', /used again on 2026-04-07.*asked to approve/s],
  ['approval-needed', { verdict }, 'approval-needed', 'warning', /still used on 2026-04-07/],
  ['both-refused', { verdict }, 'rotation-failed', 'critical', /nothing was changed/],
  ['rolled-back', { verdict }, 'rolled-back', 'critical', /stopped working \(gone\)/],
  ['revoked', { confirmation: { refused: true } }, 'key-revoked', 'info', /Mistral refuses it/],
  ['revoked', { confirmation: { refused: false } }, 'key-revoked', 'info', /no longer lists it/],
  ['kept', {}, 'rolled-back', 'warning', /nothing was revoked/],
  ['failed', { error: { Error: 'Boom' } }, 'rotation-failed', 'critical', /ended with Boom/],
  ['failed', {}, 'rotation-failed', 'critical', /ended with an unknown verdict/],
] as const)('tells the story %s', async (story, state, type, severity, description) => {
  const alert = await told(story, state);
  expect(alert).toMatchObject({
    type,
    severity,
    workspace: 'dev-workspace',
    threadId: 'rotation-v2',
    at,
  });
  expect(alert.description).toMatch(description);
  expect(alert.title.length).toBeLessThan(100);
});

test('approval is a command that runs the same flow with nothing to wait for', async () => {
  const { nextSteps } = await told('approval-needed', { verdict });
  const command = nextSteps.find((step) => step.command)?.command ?? '';
  const [, input = ''] = /--input '(.*)'$/.exec(command) ?? [];
  expect(command).toContain('--state-machine-arn arn:machine --name revoke-v2 ');
  expect(JSON.parse(input)).toEqual(
    aRetirement({
      checkAt: at.toISOString(),
      rules: { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' },
    }),
  );
});

test('a flow that ended in error is run again with what it was started for', async () => {
  const { nextSteps } = await told('failed', { error: { Error: 'Boom' } });
  expect(nextSteps.map(({ command }) => command)).toContain(
    `aws stepfunctions start-execution --state-machine-arn arn:machine --input '${JSON.stringify(aRetirement())}'`,
  );
});

test('fails on a story the flow does not tell', async () => {
  await expect(told('gossip')).rejects.toThrow(/story/);
});
