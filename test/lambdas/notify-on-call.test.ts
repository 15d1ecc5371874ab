import { beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import { createNotifyOnCallHandler } from '../../lambdas/notify-on-call/handler.js';
import { aRemoval, aRetirement, silentLog } from '../support/builders.js';

const at = new Date('2026-04-08T01:00:00Z');
const verdict = { checkAt: '2026-04-09T01:00:00.000Z', lastUsedOn: '2026-04-07', reason: 'gone' };
const arns = { executionArn: 'arn:execution', stateMachineArn: 'arn:machine' };

const counted: string[] = [];
beforeEach(() => void counted.splice(0));

async function told(
  story: string,
  state: object = {},
  retirement: Retirement = aRetirement(),
): Promise<Alert> {
  const published: Alert[] = [];
  const recorded: [string, Alert][] = [];
  await createNotifyOnCallHandler({
    alerts: { publish: async (alert) => void published.push(alert) },
    journal: { record: async (subject, alert) => void recorded.push([subject, alert]) },
    log: silentLog,
    counts: { count: (outcome) => void counted.push(outcome) },
    now: () => at,
  })({ story, flow: { ...retirement, ...state }, ...arns });
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
  const command = nextSteps.at(-1)?.command ?? '';
  const [, input = ''] = /--state-machine-arn arn:machine --input '(.*)'$/.exec(command) ?? [];
  expect(JSON.parse(input)).toEqual(aRetirement());
});

describe('of a key that left the policy', () => {
  test.each([
    [
      'in-use',
      { verdict },
      'key-in-use',
      'warning',
      /removed from the policy by the deploy of 2026-04-01.*used again on 2026-04-07/,
    ],
    [
      'approval-needed',
      { verdict },
      'approval-needed',
      'warning',
      /removed from the policy more than 7 days ago/,
    ],
    [
      'revoked',
      { confirmation: { refused: true } },
      'key-revoked',
      'info',
      /The secret that held it remains/,
    ],
    ['kept', {}, 'rolled-back', 'info', /names the key again.*Nothing was revoked/],
    ['failed', { error: { Error: 'Boom' } }, 'rotation-failed', 'critical', /ended with Boom/],
  ] as const)('tells the story %s', async (story, state, type, severity, description) => {
    const alert = await told(story, state, aRemoval());
    expect(alert).toMatchObject({ type, severity, threadId: 'removal-v1' });
    expect(alert.description).toMatch(description);
    expect(alert.title.length).toBeLessThan(100);
    expect(JSON.stringify(alert)).not.toMatch(/undefined|replaced/i);
  });

  test('approval runs the flow for that key', async () => {
    const { nextSteps } = await told('approval-needed', { verdict }, aRemoval());
    const command = nextSteps.find((step) => step.command)?.command ?? '';
    expect(command).toContain('--name revoke-removed-v1 ');
    const [, input = ''] = /--input '(.*)'$/.exec(command) ?? [];
    expect(JSON.parse(input)).toMatchObject({ reason: 'removed', oldKeyId: 'old' });
  });

  test.each(['rolled-back', 'both-refused'])(
    'fails on %s, which needs a successor',
    async (story) => {
      await expect(told(story, { verdict }, aRemoval())).rejects.toThrow(/newKeyId|reason/);
    },
  );
});

describe('when something cannot be written or sent', () => {
  function tellWith({ publish = 'works', record = 'works' }) {
    const did: string[] = [];
    const attempt = (what: string, fate: string) => async () => {
      did.push(what);
      if (fate !== 'works') throw new Error(fate);
    };
    const note = (message: string) => void did.push(message);
    const handler = createNotifyOnCallHandler({
      alerts: { publish: attempt('publish', publish) },
      journal: { record: attempt('record', record) },
      counts: { count: () => void did.push('count') },
      log: { info: note, warn: note, error: note },
      now: () => at,
    });
    return { did, told: handler({ story: 'kept', flow: aRetirement(), ...arns }) };
  }

  test('an alert that was sent is not sent again because its history cannot be written', async () => {
    const { did, told: done } = tellWith({ record: 'no table' });
    await done;
    expect(did).toEqual(['publish', 'record', 'history not written', 'count']);
  });

  test('fails for an alert that was not sent, so that the flow tries again, and writes nothing', async () => {
    const { did, told: done } = tellWith({ publish: 'no topic' });
    await expect(done).rejects.toThrow('no topic');
    expect(did).toEqual(['publish']);
  });
});

test('fails on a story the flow does not tell', async () => {
  await expect(told('gossip')).rejects.toThrow(/story/);
});

test.each([
  ['revoked', { confirmation: { refused: true } }, ['revoked']],
  ['rolled-back', { verdict }, ['rolled-back']],
  ['kept', {}, ['kept']],
  ['failed', {}, ['failed']],
  ['deleted', { verdict: { witness: 'mistral/dev-workspace/gateway' } }, ['revoked']],
  ['not-checkable', { verdict: { oldKey: 'refused' } }, ['not-checked']],
  ['old-key-in-charge', { verdict: { heldBy: 'mistral/dev-workspace/gateway' } }, ['kept']],
  ['deletion-check-failed', {}, ['failed']],
  ['deletion-needed', { verdict: { ...verdict, oldKey: 'accepted' } }, []],
  ['in-charge-refused', { verdict: { ...verdict, oldKey: 'refused' } }, []],
  ['in-use', { verdict }, []],
  ['approval-needed', { verdict }, []],
  ['both-refused', { verdict }, []],
] as const)('of the story %s, an end is counted and a stage is not', async (story, state, ends) => {
  await told(story, state);
  expect(counted).toEqual(ends);
});
