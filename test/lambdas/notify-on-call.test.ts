import { expect, test } from 'vitest';
import { createNotifyOnCallHandler } from '../../lambdas/notify-on-call/handler.js';
import { aPolicy, aRetirement } from '../support/builders.js';

const KEPT = { event: 'kept', flow: { ...aRetirement(), verdict: {} } };
const IN_USE = {
  event: 'key-in-use',
  flow: {
    ...aRetirement(),
    verdict: { checkAt: '2026-04-09T01:00:00Z', lastUsedOn: '2026-04-07' },
  },
};

/** What the function does, in order. */
async function notify(event: object, { publish = 'works', record = 'works' } = {}) {
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
    counts: { count: (outcome) => void did.push(`count ${outcome}`) },
    log: { info: note, warn: note, error: note },
    now: () => new Date('2026-04-08T01:00:00Z'),
  });
  const failure = await handler({ ...event, executionArn: 'arn:e', stateMachineArn: 'arn:m' }).then(
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
