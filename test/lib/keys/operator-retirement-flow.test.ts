import { describe, expect, test } from 'vitest';
import type { DeletionVerdict } from '../../../governance/keys/operator/deletion.js';
import { anOperatorPolicy, aRemoval } from '../../support/builders.js';
import { definitionFor } from '../../support/definition.js';
import { type FlowPlan, type PlayedFlow, playFlow } from '../../support/flow.js';
import { branchesOf } from '../../support/flow-branches.js';

const definition = definitionFor(anOperatorPolicy());
const entered = new Set<string>();
const taken = new Set<string>();

async function play(plan: Omit<FlowPlan, 'verdicts'>, ...verdicts: DeletionVerdict[]) {
  const played = await playFlow(definition, { ...plan, verdicts });
  for (const state of played.states) entered.add(state);
  for (const branch of played.branches) taken.add(branch);
  return played;
}

const checkAt = (day: number) => `2026-04-0${day}T01:00:00.000Z`;
const needed = (day: number): DeletionVerdict => ({
  kind: 'deletion-needed',
  checkAt: checkAt(day),
  oldKey: 'accepted',
});
const currentRejected: DeletionVerdict = {
  kind: 'current-key-rejected',
  checkAt: checkAt(4),
  oldKey: 'accepted',
};
const OWN = 'mistral/dev-workspace/dev-team-key';
const deleted: DeletionVerdict = { kind: 'deleted', witness: OWN };
const notVerified: DeletionVerdict = { kind: 'not-verified', oldKey: 'not stored' };
const kept: DeletionVerdict = { kind: 'kept', heldBy: OWN };

function alertsOf({ alerts }: PlayedFlow): string[] {
  return alerts.map(({ type, severity, at }) =>
    [at.toISOString().slice(0, 10), type, severity].join(' '),
  );
}

test.each([
  ['a replaced key', {}],
  ['a removed key', { retirement: aRemoval() }],
])(
  'the deletion of %s is requested after waits that grow, until it is verified',
  async (_name, plan) => {
    const played = await play(plan, needed(4), needed(5), needed(6), needed(7), needed(8), deleted);
    expect(alertsOf(played)).toEqual([
      '2026-04-03 deletion-needed warning',
      '2026-04-04 deletion-needed warning',
      '2026-04-06 deletion-needed warning',
      '2026-04-08 key-revoked info',
    ]);
    expect(played.states.at(-1)).toBe('Retired');
  },
);

test('a key deleted before its deletion was requested is reported once', async () => {
  expect(alertsOf(await play({}, deleted))).toEqual(['2026-04-03 key-revoked info']);
});

test('a rejected current key is critical, and the key is checked again the next day', async () => {
  const played = await play({}, currentRejected, needed(5), deleted);
  expect(alertsOf(played)).toEqual([
    '2026-04-03 rotation-failed critical',
    '2026-04-04 deletion-needed warning',
    '2026-04-05 key-revoked info',
  ]);
  expect(played.states.at(-1)).toBe('Retired');
});

test.each([
  [notVerified, 'deletion-needed', 'Deletion not verified'],
  [kept, 'rolled-back', 'Key kept'],
])('%j ends the flow with one alert', async (verdict, type, end) => {
  const played = await play({}, verdict);
  expect(alertsOf(played)).toEqual([`2026-04-03 ${type} warning`]);
  expect(played.states.at(-1)).toBe(end);
});

describe('failing', () => {
  test('a check that fails for good ends the flow with an alert', async () => {
    const fails = (call: string) => (call === 'verify' ? new Error('denied') : undefined);
    const played = await play({ fails }, deleted);
    expect(played.status).toBe('FAILED');
    expect(alertsOf(played)).toEqual(['2026-04-03 rotation-failed critical']);
  });

  test('a request that cannot be sent is sent the next day', async () => {
    const fails = (call: string, before: number) =>
      call === 'notify deletion-needed' && before < 7 ? new Error('throttled') : undefined;
    const played = await play({ fails }, needed(4), deleted);
    expect(alertsOf(played)).toEqual(['2026-04-04 key-revoked info']);
  });

  test.each([deleted, notVerified, kept, currentRejected])(
    '%j whose alert cannot be sent does not end in silence',
    async (verdict) => {
      const call = `notify ${verdict.kind}`;
      const fails = (made: string) => (made === call ? new Error('x') : undefined);
      const played = await play({ fails }, verdict, notVerified);
      expect(played.alerts.length).toBeGreaterThan(0);
    },
  );

  test('a failure that on-call cannot be notified of still fails', async () => {
    const fails = (call: string) =>
      call === 'notify deleted' || call.includes('failed') ? new Error('x') : undefined;
    expect((await play({ fails }, deleted)).status).toBe('FAILED');
  });

  test('a verdict that it does not know fails', async () => {
    // @ts-expect-error no verdict of ours
    expect((await play({}, { kind: 'shrug' })).status).toBe('FAILED');
  });
});

test('no state and no branch of the machine was left out above', () => {
  expect([...entered].sort()).toEqual(Object.keys(definition.States).sort());
  // Retries of tasks are the same as in the other flow, and tested there.
  const own = branchesOf(definition).filter((branch) => !/gives up on|tried again/.test(branch));
  expect(own.filter((branch) => !taken.has(branch))).toEqual([]);
});
