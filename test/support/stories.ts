import type { Policy } from '../../governance/policy/policy.js';
import type { World } from '../../testing/world.js';

export const SECRET = 'mistral/dev-workspace/dev-team-key';
const DAY_MS = 86_400_000;
export const START = new Date('2026-08-15T09:00:00Z');
const END = dayOf(100);

/** A part of the life of one key. */
export interface Story {
  readonly name: string;
  /** @default one workspace with one key, and the Admin API */
  readonly policy?: Policy;
  /** How long Mistral rejects a new key. @default 0 */
  readonly youngSeconds?: number;
  /** Steps that another story covers: no faults here. */
  readonly before: (world: World) => Promise<unknown>;
  readonly play: (world: World) => Promise<unknown>;
  /** Checks at the end besides the invariants; returns the violations. */
  readonly problems?: (world: World) => string[];
}

/** A deploy whose last step fails is repeated. */
async function deploy(world: World): Promise<void> {
  await world.provision().catch(() => world.provision());
}

export const FIRST_ROTATION: Story = {
  name: 'a first key, its rotation after 90 days, the retirement of the first',
  youngSeconds: 5,
  before: async () => {},
  play: async (world) => {
    await deploy(world);
    await world.clock.playUntil(END);
  },
};

export const ROTATION_DURING_RETIREMENT: Story = {
  name: 'a rotation while the retirement before it still waits',
  before: async (world) => {
    await deploy(world);
    await world.clock.playUntil(dayOf(91));
  },
  play: async (world) => {
    await world.rotate(SECRET).catch(() => world.clock.playUntil(world.clock.now()));
    await world.clock.playUntil(END);
  },
};

export const TWO_ROTATIONS_AT_ONCE: Story = {
  name: 'two rotations requested at once',
  before: async (world) => {
    await deploy(world);
    await world.clock.playUntil(dayOf(50));
  },
  play: async (world) => {
    const rotate = () => world.rotate(SECRET).catch(() => undefined);
    await Promise.all([rotate(), rotate()]);
    await world.clock.playUntil(dayOf(60));
  },
};

/** The new key passes its test and is rejected two hours later. */
export const NEW_KEY_GOES_BAD: Story = {
  name: 'a new key that goes bad is rolled back',
  before: async (world) => {
    await deploy(world);
    await world.clock.playUntil(new Date(dayOf(90).getTime() + 2 * 3_600_000));
    world.mistral.keys.breakKey(world.mistral.keys.made.at(-1)?.id ?? '');
  },
  play: (world) => world.clock.playUntil(END),
  problems: ({ secrets, mistral }) => {
    const { keyId } = JSON.parse(secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}');
    return mistral.keys.isBroken(keyId) ? ['a broken key stayed current'] : [];
  },
};

/** The key leaves the policy while the previous one is still being retired. */
export const KEY_REMOVED: Story = {
  name: 'a key that leaves the policy',
  before: async (world) => {
    await deploy(world);
    await world.clock.playUntil(dayOf(91));
  },
  play: async (world) => {
    const without = withoutKeys(world.policy);
    await world.deploy(without).catch(() => world.deploy(without));
    await world.clock.playUntil(END);
  },
  problems: ({ mistral, inbox }) => [
    ...mistral.keys.all().map(({ name }) => `key ${name} was not revoked`),
    ...(inbox.messages.some(({ subject }) => subject.includes('Revoked removed key'))
      ? []
      : ['no alert says that the removed key is revoked']),
  ],
};

function withoutKeys(policy: Policy): Policy {
  return { ...policy, workspaces: policy.workspaces.map((one) => ({ ...one, keys: [] })) };
}

export function dayOf(day: number): Date {
  return new Date(START.getTime() + day * DAY_MS);
}
