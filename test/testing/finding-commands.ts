import { expect } from 'vitest';
import {
  beginAnother,
  commandsFound,
  deployed,
  expectHealthy,
  leavePending,
  type OpenWorld,
} from '../support/on-call-world.js';
import { dayOf, SECRET } from '../support/stories.js';

type Change = (world: OpenWorld) => unknown;
export const HANDS: Readonly<Record<string, Change>> = {
  'nothing else': () => {},
  'AWSPENDING on the version before': (world) => leavePending(world, 'AWSPREVIOUS'),
  'AWSPENDING on an empty version': beginAnother,
};
export const STATES: Readonly<Record<string, { type: string; change?: Change; until?: Date }>> = {
  'a value pasted in the console': {
    type: 'missing',
    change: (world) => world.paste('{"apiKey":"by-hand"}'),
  },
  'a key deleted in the console': {
    type: 'missing',
    change: (world) => world.mistral.keys.delete(world.currentKey().keyId),
  },
  'a schedule that was cancelled': {
    type: 'policy-drift',
    change: (world) => world.operation('CancelRotateSecret', {}),
  },
  'a key past its expiry': { type: 'expired', until: dayOf(400) },
  'a rotation that did not come': { type: 'rotation-overdue', until: dayOf(200) },
  'a key that is too old': { type: 'over-age', until: dayOf(97) },
};

/** Follows the command that the audit gives in this state, after this change by hand. */
export async function followFound(state: string, hand: string): Promise<void> {
  const { type = '', change = () => {}, until } = STATES[state] ?? {};
  const world = await deployed();
  await world.rotate(SECRET);
  await world.pass(4 * 24);
  change(world);
  HANDS[hand]?.(world);
  if (until) {
    // Secrets Manager misses the day.
    const secret = world.secret();
    const { nextRotationAt } = secret;
    secret.nextRotationAt = undefined;
    await world.clock.playUntil(until);
    secret.nextRotationAt = nextRotationAt;
  }
  const found = await commandsFound(world);
  expect([...found.keys()]).toContain(type);
  const before = world.versionAt('AWSCURRENT');
  expect(await world.follow([found.get(type)])).toBe(1);
  expect(world.versionAt('AWSCURRENT')).not.toBe(before);
  expectHealthy(world);
  const { findings } = await world.audit();
  expect(findings.map((finding) => finding.type)).not.toContain(type);
}
