import { describe, expect, test } from 'vitest';
import type { DeletionVerdict } from '../../../governance/keys/operator/deletion.js';
import { anOperatorPolicy, aRemoval, aRetirement } from '../../support/builders.js';
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
const OWN = 'mistral/dev-workspace/dev-team-key';
const deleted: DeletionVerdict = { kind: 'deleted', witness: OWN };
const notCheckable: DeletionVerdict = { kind: 'not-checkable', oldKey: 'not stored' };
const keep: DeletionVerdict = { kind: 'keep', heldBy: OWN };

function told({ alerts }: PlayedFlow): string[] {
  return alerts.map(({ type, severity, at }) =>
    [at.toISOString().slice(0, 10), type, severity].join(' '),
  );
}

test('the deletion is asked for daily, and told when it is seen', async () => {
  const played = await play({}, needed(4), needed(5), deleted);
  expect(told(played)).toEqual([
    '2026-04-03 deletion-needed warning',
    '2026-04-04 deletion-needed warning',
    '2026-04-05 key-revoked info',
  ]);
  expect(played.states.at(-1)).toBe('Retired');
  const [asked] = played.alerts;
  expect(asked?.nextSteps[0]?.say).toContain('workspace dev-workspace');
  expect(asked?.nextSteps[0]?.say).toContain('one use a day is this check');
  expect(asked?.nextSteps[1]?.say).toContain('delete old there');
});

test('a key deleted before it was asked for is told as gone', async () => {
  expect(told(await play({}, deleted))).toEqual(['2026-04-03 key-revoked info']);
});

test.each(['accepted', 'refused'] as const)(
  'a refused key in charge is critical, and nothing is moved while the old one is %s',
  async (oldKey) => {
    const refused: DeletionVerdict = { kind: 'in-charge-refused', checkAt: checkAt(4), oldKey };
    const played = await play({}, refused, needed(5), deleted);
    expect(told(played)[0]).toBe('2026-04-03 rotation-failed critical');
    const commands = played.alerts[0]?.nextSteps.flatMap(({ command }) => command ?? []) ?? [];
    expect(commands[0]).toBe(
      'npx --no -- mistral-governance keys supply dev-workspace/dev-team-key',
    );
    expect(commands.some((command) => command.includes('--move-to-version-id v1'))).toBe(
      oldKey === 'accepted',
    );
    expect(played.states.at(-1)).toBe('Retired');
  },
);

test('a key that cannot be tried any more is left to a person, for the last time', async () => {
  const played = await play({}, notCheckable);
  expect(told(played)).toEqual(['2026-04-03 deletion-needed warning']);
  expect(played.states.at(-1)).toBe('Deletion not checked');
});

test('an old key in charge again is not asked to be deleted', async () => {
  const played = await play({}, keep);
  expect(told(played)).toEqual(['2026-04-03 rolled-back warning']);
  expect(played.states.at(-1)).toBe('Old key kept');
});

test('a leaked key is asked to be deleted as critical, and why', async () => {
  const played = await play(
    { retirement: aRetirement({ why: 'compromised' }) },
    needed(4),
    deleted,
  );
  expect(told(played)[0]).toBe('2026-04-03 deletion-needed critical');
  expect(played.alerts[0]?.facts.why).toBe('compromised');
  expect(played.alerts[0]?.title).toBe(`Delete the leaked key of ${OWN} in Mistral's console now`);
});

describe('a key that left the policy', () => {
  const retirement = aRemoval();

  test('is asked to be deleted daily, and told when it is seen', async () => {
    const played = await play({ retirement }, needed(4), needed(5), deleted);
    expect(told(played)).toEqual([
      '2026-04-03 deletion-needed warning',
      '2026-04-04 deletion-needed warning',
      '2026-04-05 key-revoked info',
    ]);
    expect(played.alerts[0]?.title).toContain('Delete the removed key of');
    expect(played.alerts[2]?.nextSteps[0]?.command).toContain('aws secretsmanager delete-secret');
  });

  test('is not said to be gone when every key was refused', async () => {
    const verdict: DeletionVerdict = {
      kind: 'deletion-needed',
      checkAt: checkAt(4),
      oldKey: 'refused',
    };
    const { alerts } = await play({ retirement }, verdict, deleted);
    expect(alerts[0]?.description).toContain('this proves nothing');
  });

  test('is told with a doubt when only a key of another workspace was accepted', async () => {
    const elsewhere: DeletionVerdict = { kind: 'deleted', witness: 'mistral/ml-workspace/k' };
    const { alerts } = await play({ retirement }, elsewhere);
    expect(alerts[0]?.description).toContain('if that workspace is suspended');
    expect(alerts[0]?.nextSteps[0]?.say).toContain('that old is gone');
  });

  test('is left to a person when no other key can be tried', async () => {
    const { alerts } = await play({ retirement }, { kind: 'not-checkable', oldKey: 'refused' });
    expect(alerts[0]?.description).toContain('no other key that it could accept');
  });

  test('is kept when it comes back, or when another secret holds the same key', async () => {
    const back = await play({ retirement }, keep);
    expect(back.alerts[0]?.title).toBe(`Removal of ${OWN} was taken back`);
    const heldBy = 'mistral/dev-workspace/renamed';
    const twin = await play({ retirement }, { kind: 'keep', heldBy });
    expect(twin.alerts[0]?.description).toContain('do not delete old');
  });
});

describe('failing', () => {
  test('a check that fails for good is told with how to run the flow again', async () => {
    const fails = (call: string) => (call === 'verify' ? new Error('denied') : undefined);
    const played = await play({ fails }, deleted);
    expect(played.status).toBe('FAILED');
    expect(told(played)).toEqual(['2026-04-03 rotation-failed critical']);
    expect(played.alerts[0]?.nextSteps[1]?.command).toContain('aws stepfunctions start-execution');
  });

  test('a request that cannot be told is made again the next day', async () => {
    const fails = (call: string, before: number) =>
      call === 'tell deletion-needed' && before < 7 ? new Error('throttled') : undefined;
    const played = await play({ fails }, needed(4), deleted);
    expect(told(played)).toEqual(['2026-04-04 key-revoked info']);
  });

  test.each([
    ['deleted', deleted],
    ['not-checkable', notCheckable],
    ['old-key-in-charge', keep],
    ['in-charge-refused', { kind: 'in-charge-refused', checkAt: checkAt(4), oldKey: 'refused' }],
  ] satisfies [string, DeletionVerdict][])('%s that cannot be told', async (story, verdict) => {
    const fails = (call: string) => (call === `tell ${story}` ? new Error('x') : undefined);
    const played = await play({ fails }, verdict, notCheckable);
    expect(played.alerts.length).toBeGreaterThan(0);
  });

  test('a failure that cannot be told still fails', async () => {
    const fails = (call: string) =>
      call === 'tell deleted' || call.includes('failed') ? new Error('x') : undefined;
    expect((await play({ fails }, deleted)).status).toBe('FAILED');
  });

  test('a verdict that it does not know', async () => {
    // @ts-expect-error no verdict of ours
    expect((await play({}, { kind: 'shrug' })).status).toBe('FAILED');
  });
});

test('no state and no branch of the machine was left out above', () => {
  expect([...entered].sort()).toEqual(Object.keys(definition.States).sort());
  // How tasks are tried again is the same as in the other flow, and tested there.
  const own = branchesOf(definition).filter((branch) => !/gives up on|tried again/.test(branch));
  expect(own.filter((branch) => !taken.has(branch))).toEqual([]);
});
