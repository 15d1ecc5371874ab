import { expect, test } from 'vitest';
import type { EnteredState } from '../../governance/keys/retirements.aws.js';
import { NOTIFY_STATES, type RetirementEvent } from '../../governance/policy/notify-states.js';
import { createNotifyOnCallHandler } from '../../lambdas/notify-on-call/handler.js';
import { aPolicy, aRetirement } from '../support/builders.js';

const KEPT = { event: 'kept' as const, flow: { ...aRetirement(), verdict: {} } };
const IN_USE = {
  event: 'key-in-use' as const,
  flow: {
    ...aRetirement(),
    verdict: { checkAt: '2026-04-09T01:00:00Z', lastUsedOn: '2026-04-07' },
  },
};

/** What the function does, in order. */
async function notify(
  event: { readonly event: RetirementEvent; readonly flow: object },
  { publish = 'works', record = 'works' } = {},
  state: EnteredState | undefined | 'at nothing' = {
    name: NOTIFY_STATES[event.event],
    input: event.flow,
  },
  arns = { executionArn: 'arn:states:execution:m:e', stateMachineArn: 'arn:states:stateMachine:m' },
) {
  const did: string[] = [];
  const attempt = (what: string, fate: string) => async () => {
    did.push(what);
    if (fate !== 'works') throw new Error(fate);
  };
  const note = (message: string) => void did.push(message);
  const handler = createNotifyOnCallHandler({
    policy: aPolicy(),
    alerts: { publish: attempt('publish', publish) },
    journal: { record: attempt('record', record), recordOnce: async () => true },
    executions: { current: async () => (state === 'at nothing' ? undefined : state) },
    counts: { count: (outcome) => void did.push(`count ${outcome}`) },
    log: { info: note, warn: note, error: note },
    now: () => new Date('2026-04-08T01:00:00Z'),
  });
  const failure = await handler({ ...event, ...arns }).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return { did, failure };
}

test('an event that ends a retirement is published, recorded and counted', async () => {
  expect(await notify(KEPT)).toEqual({ did: ['publish', 'record', 'count kept'] });
});

test('an event after which the retirement goes on is not counted', async () => {
  expect(await notify(IN_USE)).toEqual({ did: ['publish', 'record'] });
});

test('an alert that was sent is not sent again because its history cannot be written', async () => {
  expect(await notify(KEPT, { record: 'no table' })).toEqual({
    did: ['publish', 'record', 'history not written', 'count kept'],
  });
});

test('fails for an alert that was not sent, so that the flow tries again, and writes nothing', async () => {
  expect(await notify(KEPT, { publish: 'no topic' })).toEqual({
    did: ['publish'],
    failure: 'Error: no topic',
  });
});

/** What those who may invoke the function can write, where the flow is at something else. */
test.each<[string, Parameters<typeof notify>[2], Parameters<typeof notify>[3]?]>([
  ['of an execution that is at nothing', 'at nothing'],
  ['of another event', { name: NOTIFY_STATES.revoked, input: KEPT.flow }],
  ['before the flow notifies of it', { name: 'Verify', input: KEPT.flow }],
  [
    'of another key',
    { name: NOTIFY_STATES.kept, input: { ...KEPT.flow, ...aRetirement({ oldKeyId: 'other' }) } },
  ],
  ['with more than the flow says', { name: NOTIFY_STATES.kept, input: aRetirement() }],
  [
    'with another state machine for its commands',
    { name: NOTIFY_STATES.kept, input: KEPT.flow },
    { executionArn: 'arn:states:execution:m:e', stateMachineArn: 'arn:states:stateMachine:evil' },
  ],
])('a false alert %s is not sent', async (_what, state, arns) => {
  const event = { ...KEPT, flow: { ...KEPT.flow } };
  expect(await notify(event, {}, state, arns)).toEqual({
    did: [],
    failure: expect.stringMatching(/^NotOfFlowError: arn:states:execution:m:e is not at /),
  });
});

test('the order of fields does not matter, which Step Functions does not promise', async () => {
  const input = Object.fromEntries(Object.entries(KEPT.flow).toReversed());
  expect((await notify(KEPT, {}, { name: NOTIFY_STATES.kept, input })).did).toContain('publish');
});
