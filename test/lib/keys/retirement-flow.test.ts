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

const checkAt = (day: number) => `2026-04-0${day}T01:00:00.000Z`;
const used = (day: number) => ({ checkAt: checkAt(day), lastUsedOn: '2026-04-02' });
const refused = (day: number) => ({ checkAt: checkAt(day), reason: 'Mistral refuses the key' });
const revoke: RetirementVerdict = { kind: 'revoke', lastUsedOn: '2026-04-01' };
const wait = (day: number): RetirementVerdict => ({ kind: 'wait', ...refused(day) });
const inUse = (day: number): RetirementVerdict => ({ kind: 'in-use', ...used(day) });
const hold = (day: number): RetirementVerdict => ({ kind: 'hold', ...used(day) });
const bothRefused = (day: number): RetirementVerdict => ({ kind: 'both-refused', ...refused(day) });
const rollBack: RetirementVerdict = { kind: 'roll-back', reason: 'Mistral refuses the key' };
const unknown = { kind: 'shrug' };

const FAILED = ['Tell that the retirement failed', 'Failed'];

function alertsOf({ alerts }: PlayedFlow): string[] {
  return alerts.map(({ type, at: when }) => `${when.toISOString().slice(0, 10)} ${type}`);
}

describe('a key gone quiet', () => {
  test('is revoked at the time planned, confirmed and told', async () => {
    const played = await play({ verdicts: [revoke] });
    expect(played.status).toBe('SUCCEEDED');
    expect(played.states).toEqual([
      'Wait until the old key can be judged',
      'Verify',
      'What is the verdict?',
      'Revoke the old key',
      'Confirm the revocation',
      'Tell that the old key is revoked',
      'Retired',
    ]);
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 revoke',
      '2026-04-03T01 confirm',
      '2026-04-03T01 tell revoked',
    ]);
  });

  test('is judged at once when the time planned is over, as after an approval', async () => {
    const played = await play({ retirement: aRetirement({ checkAt: '2026-03-01T00:00:00.000Z' }) });
    expect(played.calls[0]).toBe('2026-04-01T10 verify');
    expect(played.status).toBe('SUCCEEDED');
  });

  test('that somebody else revoked is confirmed, not revoked again', async () => {
    const played = await play({ verdicts: [{ kind: 'already-revoked' }] });
    expect(played.states).not.toContain('Revoke the old key');
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

  test('that stays accepted for longer is told', async () => {
    const played = await play({
      fails: (call) =>
        call === 'confirm' ? new RevocationUnconfirmedError('still listed') : undefined,
    });
    expect(played.calls.filter((call) => call.endsWith(' confirm'))).toHaveLength(7);
    expect(played.states.slice(-2)).toEqual(FAILED);
    expect(played.alerts.at(-1)?.description).toContain('RevocationUnconfirmedError');
  });
});

describe('a key not yet quiet', () => {
  test('is judged again at the time each verdict names, and nobody is told', async () => {
    const played = await play({ verdicts: [wait(4), wait(7), revoke] });
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-04T01 verify',
      '2026-04-07T01 verify',
      '2026-04-07T01 revoke',
      '2026-04-07T01 confirm',
      '2026-04-07T01 tell revoked',
    ]);
  });

  test('is told while it is used, and revoked once it is not', async () => {
    const played = await play({ verdicts: [inUse(4), inUse(5), revoke] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 key-in-use',
      '2026-04-04 key-in-use',
      '2026-04-05 key-revoked',
    ]);
  });

  test('past its deadline is held, with a reminder a day, until it is quiet', async () => {
    const played = await play({ verdicts: [hold(4), hold(5), hold(6), hold(7), revoke] });
    expect(alertsOf(played)).toEqual([
      '2026-04-03 approval-needed',
      '2026-04-04 approval-needed',
      '2026-04-05 approval-needed',
      '2026-04-06 approval-needed',
      '2026-04-07 key-revoked',
    ]);
  });

  test('held, and revoked by a second flow that was approved, is only confirmed', async () => {
    const played = await play({ verdicts: [hold(4), { kind: 'already-revoked' }] });
    expect(played.calls.filter((call) => call.endsWith(' revoke'))).toEqual([]);
    expect(alertsOf(played)).toEqual(['2026-04-03 approval-needed', '2026-04-04 key-revoked']);
  });

  test('is never revoked as long as it is held', async () => {
    const nextYear = { ...bothRefused(5), checkAt: '2027-01-01T01:00:00.000Z' };
    const played = await play({ verdicts: [hold(4), nextYear, revoke] });
    expect(played.status).toBe('RUNNING');
    expect(played.calls.map((call) => call.slice(14))).toEqual([
      'verify',
      'tell approval-needed',
      'verify',
      'tell both-refused',
    ]);
  });
});

describe('a new key that stopped working', () => {
  test('is rolled back and told', async () => {
    const played = await play({ verdicts: [rollBack] });
    expect(played.status).toBe('SUCCEEDED');
    expect(played.states.slice(-4)).toEqual([
      'Roll back',
      'Was it rolled back?',
      'Tell that the rotation was rolled back',
      'Rolled back',
    ]);
    expect(played.states).not.toContain('Revoke the old key');
    expect(alertsOf(played)).toEqual(['2026-04-03 rolled-back']);
  });

  test('is looked at again before it is rolled back, by a visit that knows of the one before', async () => {
    const doubt: RetirementVerdict = {
      kind: 'wait',
      checkAt: '2026-04-03T02:10:00.000Z',
      reason: 'Mistral refuses the key',
      newKeyIsBad: true,
    };
    const played = await play({ verdicts: [wait(3), doubt, rollBack] });
    expect(played.foundBadBefore).toEqual([false, false, true]);
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 verify',
      '2026-04-03T02 verify',
      '2026-04-03T02 roll back',
      '2026-04-03T02 tell rolled-back',
    ]);
  });

  test('and was overtaken by a later rotation is judged anew, at once', async () => {
    const played = await play({ verdicts: [rollBack, revoke], rollBacks: ['overtaken'] });
    expect(played.calls).toEqual([
      '2026-04-03T01 verify',
      '2026-04-03T01 roll back',
      '2026-04-03T01 verify',
      '2026-04-03T01 revoke',
      '2026-04-03T01 confirm',
      '2026-04-03T01 tell revoked',
    ]);
  });

  test('is not rolled back to an old key that is refused too, but told every day', async () => {
    const played = await play({ verdicts: [bothRefused(4), bothRefused(5), rollBack] });
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

  test('is told while it is used, revoked once it is not, and its secret is named', async () => {
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
    const played = await play({ retirement, verdicts: [{ kind: 'keep' }] });
    expect(played.states.at(-1)).toBe('Old key kept');
    expect(played.alerts).toMatchObject([{ type: 'rolled-back', severity: 'info' }]);
  });
});

test('an old key in charge again is kept and told', async () => {
  const played = await play({ verdicts: [{ kind: 'keep' }] });
  expect(played.status).toBe('SUCCEEDED');
  expect(played.states.slice(-2)).toEqual([
    'Tell that the old key is in charge again',
    'Old key kept',
  ]);
});

test('a verdict that the flow does not know changes nothing and is told', async () => {
  const played = await play({ verdicts: [unknown] });
  expect(played.status).toBe('FAILED');
  expect(played.states.slice(-2)).toEqual(FAILED);
  expect(played.alerts[0]?.description).toContain('ended with an unknown verdict');
  expect(played.history.at(-1)).toMatchObject({
    type: 'ExecutionFailed',
    Error: 'RetirementFailed',
  });
});

/** How to get to each task: the verdicts that lead there, and the call it makes. */
const WAY_TO: Readonly<Record<string, readonly [FlowPlan['verdicts'], string]>> = {
  Verify: [[revoke], 'verify'],
  'Revoke the old key': [[revoke], 'revoke'],
  'Confirm the revocation': [[revoke], 'confirm'],
  'Roll back': [[rollBack], 'roll back'],
  'Tell that the old key is revoked': [[revoke], 'tell revoked'],
  'Tell that the rotation was rolled back': [[rollBack], 'tell rolled-back'],
  'Tell that the old key is in charge again': [[{ kind: 'keep' }], 'tell kept'],
  'Tell that the retirement failed': [[unknown], 'tell failed'],
  'Tell that the old key is in use': [[inUse(4), revoke], 'tell in-use'],
  'Ask for approval': [[hold(4), revoke], 'tell approval-needed'],
  'Tell that both keys are refused': [[bothRefused(4), revoke], 'tell both-refused'],
};
const IN_A_LOOP = ['tell in-use', 'tell approval-needed', 'tell both-refused'];

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
      const told = call === 'tell failed' ? [] : ['rotation-failed'];
      expect(played.alerts.slice(-1).map(({ type }) => type)).toEqual(told);
    },
  );

  test.each(finalErrorsOf(definition, state))('is not tried again after %s', async (name) => {
    const played = await play(failing(Object.assign(new Error('the same every time'), { name })));
    const again = IN_A_LOOP.includes(call) || call === 'tell failed' ? 0 : 1;
    expect(callsOf(played)).toHaveLength(1);
    expect(alertsOf(played).filter((alert) => alert.endsWith('rotation-failed'))).toHaveLength(
      again,
    );
  });
});

test('what could not be told on the way is not taken for the reason of a later end', async () => {
  const played = await play({
    verdicts: [inUse(4), unknown],
    fails: (call) => (call === 'tell in-use' ? new Error('outage') : undefined),
  });
  expect(played.alerts.at(-1)?.description).toContain('ended with an unknown verdict');
});

test('errors that say the same however often they are tried are final in every task', () => {
  for (const { state } of tasks) {
    expect(finalErrorsOf(definition, state)).toEqual(['KeyStillCurrentError', 'ZodError']);
  }
});

test('each wait ends at the time that the last verdict named', () => {
  expect(definition.States['Wait until the old key can be judged']).toMatchObject({
    Type: 'Wait',
    TimestampPath: '$.checkAt',
  });
});

test('no state and no branch of the machine was left out above', () => {
  expect([...entered].sort()).toEqual(Object.keys(definition.States).sort());
  expect(branchesOf(definition).filter((branch) => !taken.has(branch))).toEqual([]);
});
