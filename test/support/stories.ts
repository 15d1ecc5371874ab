import type { World } from '../../local/world.js';

export const SECRET = 'mistral/dev-workspace/dev-team-key';
const DAY_MS = 86_400_000;
export const START = new Date('2026-08-15T09:00:00Z');
export const END = dayOf(100);

/** A piece of the life of one key. */
export type Story = (world: World) => Promise<void>;

export const STORIES: Readonly<Record<string, Story>> = {
  'a first key, its rotation after 90 days, the retirement of the first': async (world) => {
    await world.provision().catch(() => world.provision());
    await world.clock.playUntil(END);
  },

  'a rotation while the retirement before it still waits': async (world) => {
    await world.provision().catch(() => world.provision());
    await world.clock.playUntil(dayOf(91));
    await world.rotate(SECRET).catch(() => world.clock.playUntil(world.clock.now()));
    await world.clock.playUntil(END);
  },

  'two rotations asked for at once': async (world) => {
    await world.provision().catch(() => world.provision());
    await world.clock.playUntil(dayOf(50));
    const rotate = () => world.rotate(SECRET).catch(() => undefined);
    await Promise.all([rotate(), rotate()]);
    await world.clock.playUntil(END);
  },
};

export function dayOf(day: number): Date {
  return new Date(START.getTime() + day * DAY_MS);
}
