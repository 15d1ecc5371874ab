import { describe, expect, test } from 'vitest';
import type { RetirementVerdict } from '../../../governance/keys/retirement.js';
import { RevocationUnconfirmedError } from '../../../governance/platform/errors.js';
import { aPolicy, aRemoval, aRetirement } from '../../support/builders.js';
import { definitionFor } from '../../support/definition.js';
import { type FlowPlan, type PlayedFlow, playFlow } from '../../support/flow.js';
import { branchesOf, finalErrorsOf } from '../../support/flow-branches.js';

const definition = definitionFor(aPolicy());
const entered = new Set<string>();
const taken = new Set<string>();

async function play(plan: FlowPlan): Promise<PlayedFlow> {
  const played = await playFlow(definition, plan);
  for (const state of played.states) entered.add(state);
  for (const branch of played.branches) taken.add(branch);
  return played;
}

const checkAt = (day: number) => `2026-04-${String(day).padStart(2, '0')}T01:00:00.000Z`;
const used = (day: number) => ({ checkAt: checkAt(day), lastUsedOn: '2026-04-02' });
const rejected = {
  reason: 'the key was no longer listed',
  rejectedSince: '2026-04-03T00:50:00.000Z',
};
const revoke: RetirementVerdict = { kind: 'revoke', lastUsedOn: '2026-04-01' };
const wait = (day: number): RetirementVerdict => ({
  kind: 'wait',
  checkAt: checkAt(day),
  reason: 'not quiet yet',
});
const inUse = (day: number): RetirementVerdict => ({ kind: 'key-in-use', ...used(day) });
const hold = (day: number): RetirementVerdict => ({ kind: 'approval-needed', ...used(day) });
const bothRejected = (day: number): RetirementVerdict => ({
  kind: 'both-keys-rejected',
  checkAt: checkAt(day),
  ...rejected,
});
const rollBack: RetirementVerdict = { kind: 'roll-back', ...rejected };
const unknown = { kind: 'shrug' };

const FAILED = ['Notify: retirement failed', 'Failed'];

function alertsOf({ alerts }: PlayedFlow): string[] {
  return alerts.map(({ type, at: when }) => `${when.toISOString().slice(0, 10)} ${type}`);
}

describe('an unused key', () => {
  test('is revoked at the planned time, confirmed and notified', async () => {
    const played = await play({ verdicts: [revoke] });
    expect(played.status).toBe('SUCCEEDED');
    expect(played.states).toEqual([
      'Wait for next check',
      'Verify',
      'Act on the verdict',
      'Revoke key',
      'Still due?',
      'Confirm revocation',
      'Notify: key revoked',
      'Retired',
    ]);
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 revoke',
      '2026-04-03T01 confirm',
      '2026-04-03T01 notify revoked',
    ]);
  });

  test('is checked at once when the planned time is over, as after an approval', async () => {
    const played = await play({ retirement: aRetirement({ checkAt: '2026-03-01T00:00:00.000Z' }) });
    expect(played.calls[0]).toBe('2026-04-01T10 verify');
    expect(played.status).toBe('SUCCEEDED');
  });

  test('that was revoked already is confirmed, not revoked again', async () => {
    const played = await play({ verdicts: [{ kind: 'already-revoked' }] });
    expect(played.states).not.toContain('Revoke key');
    expect(played.states.at(-1)).toBe('Retired');
    expect(alertsOf(played)).toEqual(['2026-04-03 key-revoked']);
  });

  test('may stay accepted for some minutes after its revocation', async () => {
    const played = await play({
      fails: (call, before) =>
        call === 'confirm' && before < 6
          ? new RevocationUnconfirmedError('still listed')
          : undefined,
    });
    expect(played.calls.filter((call) => call.endsWith(' confirm'))).toHaveLength(7);
    expect(played.calls.filter((call) => call.endsWith(' revoke'))).toHaveLength(1);
    expect(played.states.at(-1)).toBe('Retired');
  });

  test('that stays accepted for longer fails the flow', async () => {
    const played = await play({
      fails: (call) =>
        call === 'confirm' ? new RevocationUnconfirmedError('still listed') : undefined,
    });
    expect(played.calls.filter((call) => call.endsWith(' confirm'))).toHaveLength(7);
    expect(played.states.slice(-2)).toEqual(FAILED);
    expect(played.alerts.at(-1)?.description).toContain('RevocationUnconfirmedError');
  });
});

describe('a key used lately', () => {
  test('between its check and its revocation is checked again', async () => {
    const played = await play({
      verdicts: [revoke, wait(4), revoke],
      revocations: ['not due', 'deleted'],
    });
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 revoke',
      '2026-04-03T01 verify',
      '2026-04-04T01 verify',
      '2026-04-04T01 revoke',
      '2026-04-04T01 confirm',
      '2026-04-04T01 notify revoked',
    ]);
  });

  test('is checked again at the time each verdict names, without an alert', async () => {
    const played = await play({ verdicts: [wait(4), wait(7), revoke] });
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-04T01 verify',
      '2026-04-07T01 verify',
      '2026-04-07T01 revoke',
      '2026-04-07T01 confirm',
      '2026-04-07T01 notify revoked',
    ]);
  });

  test('alerts while it is used, and is revoked once it is not', async () => {
    const played = await play({ verdicts: [inUse(4), inUse(5), revoke] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 key-in-use',
      '2026-04-04 key-in-use',
      '2026-04-05 key-revoked',
    ]);
  });

  test('past its deadline is checked daily, with reminders after waits that grow, until it is unused', async () => {
    const held = Array.from({ length: 17 }, (_, day) => hold(day + 4));
    const played = await play({ verdicts: [...held, revoke] });
    expect(played.calls.filter((call) => call.endsWith(' verify'))).toHaveLength(18);
    expect(alertsOf(played)).toEqual([
      '2026-04-03 approval-needed',
      '2026-04-04 approval-needed',
      '2026-04-06 approval-needed',
      '2026-04-10 approval-needed',
      '2026-04-18 approval-needed',
      '2026-04-20 key-revoked',
    ]);
  });

  test('is asked about at once when its deadline passes, however lately on-call was reminded', async () => {
    const played = await play({ verdicts: [inUse(4), inUse(5), inUse(6), hold(7), revoke] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 key-in-use',
      '2026-04-04 key-in-use',
      '2026-04-06 approval-needed',
      '2026-04-07 key-revoked',
    ]);
  });

  test('whose reminder cannot be sent is in one the next day', async () => {
    const fails = (call: string, before: number) =>
      call === 'notify approval-needed' && before >= 1 && before < 8
        ? new Error('throttled')
        : undefined;
    const held = [4, 5, 6, 7, 8].map(hold);
    const played = await play({ verdicts: [...held, revoke], fails });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 approval-needed',
      '2026-04-05 approval-needed',
      '2026-04-06 approval-needed',
      '2026-04-08 key-revoked',
    ]);
  });

  test('waiting for approval, and revoked by a second flow that was approved, is only confirmed', async () => {
    const played = await play({ verdicts: [hold(4), { kind: 'already-revoked' }] });
    expect(played.calls.filter((call) => call.endsWith(' revoke'))).toEqual([]);
    expect(alertsOf(played)).toEqual(['2026-04-03 approval-needed', '2026-04-04 key-revoked']);
  });

  test('is never revoked while it waits for approval', async () => {
    const nextYear = { ...bothRejected(5), checkAt: '2027-01-01T01:00:00.000Z' };
    const played = await play({ verdicts: [hold(4), nextYear, revoke] });
    expect(played.status).toBe('RUNNING');
    expect(played.calls.map((call) => call.slice(14))).toEqual([
      'verify',
      'notify approval-needed',
      'verify',
      'notify both-keys-rejected',
    ]);
  });
});

describe('a new key that stopped working', () => {
  test('is rolled back, with an alert', async () => {
    const played = await play({ verdicts: [rollBack] });
    expect(played.status).toBe('SUCCEEDED');
    expect(played.states.slice(-4)).toEqual([
      'Roll back',
      'Overtaken by a later rotation?',
      'Notify: rotation rolled back',
      'Rolled back',
    ]);
    expect(played.states).not.toContain('Revoke key');
    expect(alertsOf(played)).toEqual(['2026-04-03 rolled-back']);
  });

  test('is checked again before it is rolled back, by a check that knows of the one before', async () => {
    const doubt: RetirementVerdict = {
      kind: 'wait',
      checkAt: '2026-04-03T02:10:00.000Z',
      ...rejected,
    };
    const played = await play({ verdicts: [wait(3), doubt, rollBack] });
    expect(played.rejectedSince).toEqual([undefined, undefined, rejected.rejectedSince]);
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 verify',
      '2026-04-03T02 verify',
      '2026-04-03T02 roll back',
      '2026-04-03T02 notify rolled-back',
    ]);
  });

  test('and was overtaken by a later rotation is checked again at once', async () => {
    const played = await play({ verdicts: [rollBack, revoke], rollBacks: ['overtaken'] });
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 roll back',
      '2026-04-03T01 verify',
      '2026-04-03T01 revoke',
      '2026-04-03T01 confirm',
      '2026-04-03T01 notify revoked',
    ]);
  });

  test('is not rolled back to an old key that is rejected too, but alerts every day', async () => {
    const played = await play({ verdicts: [bothRejected(4), bothRejected(5), rollBack] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 rotation-failed',
      '2026-04-04 rotation-failed',
      '2026-04-05 rolled-back',
    ]);
    expect(played.calls.filter((call) => call.endsWith(' roll back'))).toHaveLength(1);
  });
});

describe('a key that left the policy', () => {
  const retirement = aRemoval({ promotedAt: '2026-04-01T10:00:00.000Z' });

  test('alerts while it is used, and is revoked once it is not', async () => {
    const played = await play({ retirement, verdicts: [inUse(4), hold(5), revoke] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 key-in-use',
      '2026-04-04 approval-needed',
      '2026-04-05 key-revoked',
    ]);
    expect(played.states.at(-1)).toBe('Retired');
    expect(played.alerts.at(-1)?.nextSteps.map(({ command }) => command)).toEqual([
      `aws secretsmanager delete-secret --secret-id ${retirement.secretId} --recovery-window-in-days 30`,
    ]);
  });

  test('and came back is kept, which is no reason to worry', async () => {
    const played = await play({ retirement, verdicts: [{ kind: 'kept' }] });
    expect(played.states.at(-1)).toBe('Key kept');
    expect(played.alerts).toMatchObject([{ type: 'rolled-back', severity: 'info' }]);
  });
});

test('an old key that is current again is kept, with an alert', async () => {
  const played = await play({ verdicts: [{ kind: 'kept' }] });
  expect(played.status).toBe('SUCCEEDED');
  expect(played.states.slice(-2)).toEqual(['Notify: key kept', 'Key kept']);
});

test('a verdict that the flow does not know changes nothing, with an alert', async () => {
  const played = await play({ verdicts: [unknown] });
  expect(played.status).toBe('FAILED');
  expect(played.states.slice(-2)).toEqual(FAILED);
  expect(played.alerts[0]?.description).toContain('ended with an unknown verdict');
  expect(played.history.at(-1)).toMatchObject({
    type: 'ExecutionFailed',
    Error: 'RetirementFailed',
  });
});

/** For each task: the verdicts that lead to it, and its call. */
const WAY_TO: Readonly<Record<string, readonly [FlowPlan['verdicts'], string]>> = {
  Verify: [[revoke], 'verify'],
  'Revoke key': [[revoke], 'revoke'],
  'Confirm revocation': [[revoke], 'confirm'],
  'Roll back': [[rollBack], 'roll back'],
  'Notify: key revoked': [[revoke], 'notify revoked'],
  'Notify: rotation rolled back': [[rollBack], 'notify rolled-back'],
  'Notify: key kept': [[{ kind: 'kept' }], 'notify kept'],
  'Notify: retirement failed': [[unknown], 'notify failed'],
  'Notify: key still in use': [[inUse(4), revoke], 'notify key-in-use'],
  'Notify: approval needed': [[hold(4), revoke], 'notify approval-needed'],
  'Notify: both keys rejected': [[bothRejected(4), revoke], 'notify both-keys-rejected'],
};
const IN_A_LOOP = ['notify key-in-use', 'notify approval-needed', 'notify both-keys-rejected'];

const tasks = Object.entries(definition.States)
  .filter(([, { Type }]) => Type === 'Task')
  .map(([state]) => {
    const [verdicts, call] = WAY_TO[state] ?? [[], ''];
    return { state, verdicts, call };
  });

describe.each(tasks)('$state', ({ state, verdicts, call }) => {
  const failing = (error: Error): FlowPlan => ({
    verdicts,
    fails: (made) => (made === call ? error : undefined),
  });
  const callsOf = ({ calls }: PlayedFlow) => calls.filter((made) => made.endsWith(` ${call}`));

  test('is tried again after an outage and while Mistral has not caught up', async () => {
    const usual = await play({ verdicts });
    const bumpy = await play({
      verdicts,
      fails(made, before) {
        if (made !== call || before >= 12) return undefined;
        return before < 6 ? new Error('outage') : new RevocationUnconfirmedError('still listed');
      },
    });
    expect(callsOf(bumpy)).toHaveLength(13);
    expect(bumpy.states).toEqual(usual.states);
    expect(bumpy.status).toBe(usual.status);
  });

  test(
    IN_A_LOOP.includes(call)
      ? 'failing for good, does not end the flow'
      : 'failing for good, ends in Failed',
    async () => {
      const played = await play(failing(new Error('outage')));
      expect(callsOf(played)).toHaveLength(7);
      if (IN_A_LOOP.includes(call)) {
        expect(played.states).not.toContain('Failed');
        expect(played.states.at(-1)).toBe('Retired');
        return;
      }
      expect(played.status).toBe('FAILED');
      expect(played.states.slice(-2)).toEqual(FAILED);
      const sent = call === 'notify failed' ? [] : ['rotation-failed'];
      expect(played.alerts.slice(-1).map(({ type }) => type)).toEqual(sent);
    },
  );

  test.each(finalErrorsOf(definition, state))('is not tried again after %s', async (name) => {
    const played = await play(failing(Object.assign(new Error('the same every time'), { name })));
    const again = IN_A_LOOP.includes(call) || call === 'notify failed' ? 0 : 1;
    expect(callsOf(played)).toHaveLength(1);
    expect(alertsOf(played).filter((alert) => alert.endsWith('rotation-failed'))).toHaveLength(
      again,
    );
  });
});

test('an alert that could not be sent on the way is not taken for the cause of a later failure', async () => {
  const played = await play({
    verdicts: [inUse(4), unknown],
    fails: (call) => (call === 'notify key-in-use' ? new Error('outage') : undefined),
  });
  expect(played.alerts.at(-1)?.description).toContain('ended with an unknown verdict');
});

test('errors that are the same however often a task is tried are final in every task', () => {
  for (const { state } of tasks) {
    expect(finalErrorsOf(definition, state)).toEqual([
      'KeyNotHeldError',
      'KeyStillCurrentError',
      'ZodError',
    ]);
  }
});

test('each wait ends at the time that the last verdict named', () => {
  expect(definition.States['Wait for next check']).toMatchObject({
    Type: 'Wait',
    TimestampPath: '$.checkAt',
  });
});

test('no state and no branch of the machine was left out above', () => {
  expect([...entered].sort()).toEqual(Object.keys(definition.States).sort());
  expect(branchesOf(definition).filter((branch) => !taken.has(branch))).toEqual([]);
});
