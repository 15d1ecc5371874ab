import { expect, test } from 'vitest';
import { createRefusedCallers, type RefusedCaller } from '../../gateway/refused-callers.js';
import type { StateEvent } from '../../governance/alerts/state-event.js';
import { assembledGateway } from '../support/assembled-gateway.js';
import { CHAT } from '../support/gateway-world.js';

const START = Date.parse('2026-11-29T10:20:00Z');
const session = (role: string, name = 'ada') =>
  `arn:aws:sts::111122223333:assumed-role/${role}/${name}`;

function reporter() {
  let nowMs = START;
  let fails = false;
  const reported: RefusedCaller[] = [];
  const report = createRefusedCallers(
    async (refused) => {
      if (fails) throw new Error('the bus is down');
      reported.push(refused);
    },
    () => new Date(nowMs),
  );
  return {
    refuse: (arn: string) => report(arn, 'unknown_caller'),
    reported,
    pass: (minutes: number) => (nowMs += minutes * 60_000),
    breakBus: (isBroken: boolean) => (fails = isBroken),
  };
}

test('a caller is reported once an hour, no matter what its sessions are called', async () => {
  const { refuse, reported, pass } = reporter();
  for (let n = 0; n < 100; n += 1) await refuse(session('intern', `session-${n}\n/x`));
  await refuse('arn:aws:iam::111122223333:user/bob');
  pass(30);
  await refuse(session('intern'));
  expect(reported.map(({ identity }) => identity)).toEqual([
    'arn:aws:sts::111122223333:assumed-role/intern',
    'arn:aws:iam::111122223333:user/bob',
  ]);
  pass(15);
  await refuse(session('intern'));
  expect(reported.map(({ hour }) => hour.toISOString())).toEqual([
    '2026-11-29T10:00:00.000Z',
    '2026-11-29T10:00:00.000Z',
    '2026-11-29T11:00:00.000Z',
  ]);
});

test('many callers are few events, and the next hour begins again', async () => {
  const { refuse, reported, pass } = reporter();
  for (let n = 0; n < 1000; n += 1) await refuse(session(`role-${n}`));
  expect(reported).toHaveLength(20);
  pass(60);
  await refuse(session('role-999'));
  expect(reported).toHaveLength(21);
});

test('a report that failed is tried again, but not with every refusal', async () => {
  const { refuse, reported, pass, breakBus } = reporter();
  breakBus(true);
  await expect(refuse(session('intern'))).rejects.toThrow('the bus is down');
  await refuse(session('intern'));
  breakBus(false);
  pass(1);
  await refuse(session('intern'));
  expect(reported).toHaveLength(1);
});

test('the gateway reports a caller that the policy does not let in, and no other refusal', async () => {
  const sent: StateEvent[] = [];
  const { ask, settledByCounter } = await assembledGateway(
    undefined,
    undefined,
    undefined,
    undefined,
    {
      send: async (events) => void sent.push(...events),
    },
  );
  expect((await ask(CHAT, 'stranger')).status).toBe(403);
  expect((await ask(CHAT, 'stranger')).status).toBe(403);
  expect((await ask({ ...CHAT, model: 'mistral-large-latest' }, 'developer')).status).toBe(403);
  expect((await ask(CHAT)).status).toBe(200);
  await settledByCounter(); // waits for what is sent
  expect(sent.map(({ change }) => change)).toEqual([
    {
      type: 'caller-refused',
      callerArn: expect.stringContaining('/stranger/'),
      code: 'unknown_caller',
    },
  ]);
  expect(sent[0]?.id).toMatch(/^caller-refused-arn:.*stranger\/2026-06-30T12:00:00.000Z$/);
});
