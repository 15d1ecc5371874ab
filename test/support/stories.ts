import type { Policy } from '../../governance/policy/policy.js';
import type { FirstVersion } from '../../testing/fakes/secret-store.js';
import type { World } from '../../testing/world.js';
import { aPolicy } from './builders.js';
import { changedBytes, FIELD, PLAIN, storeOldKeys, TWO_EXISTING } from './existing-secrets.js';
import type { FaultKind } from './faults.js';

export const SECRET = 'mistral/dev-workspace/dev-team-key';
const DAY_MS = 86_400_000;
export const START = new Date('2026-08-15T09:00:00Z');
const END = dayOf(100);

/** The fault that was played. */
export interface Struck {
  readonly kind: FaultKind;
  readonly call: string;
}

/** A part of the life of one key. */
export interface Story {
  readonly name: string;
  /** @default one workspace with one key, and the Admin API */
  readonly policy?: Policy;
  /** Whose next rotation is tried at the end. @default the one key's */
  readonly secret?: string;
  /** How long Mistral rejects a new key. @default 0 */
  readonly youngSeconds?: number;
  /** What Secrets Manager counts as a secret's first version. @default the empty one of a rotation */
  readonly firstVersion?: FirstVersion;
  /** Steps that another story covers: no faults here. */
  readonly before: (world: World) => Promise<unknown>;
  readonly play: (world: World) => Promise<unknown>;
  /** Checks at the end besides the invariants, after a fault or none; returns the violations. */
  readonly problems?: (world: World, struck: Struck | undefined) => string[];
}

/** A deploy whose last step fails is repeated. */
async function deploy(world: World): Promise<void> {
  await world.provision().catch(() => world.provision());
}

/** Under either reading of what AWS says of a secret's first version. */
export function firstRotation(firstVersion: FirstVersion): Story {
  return {
    name: `a first key (the first version is the ${firstVersion}), its rotation after 90 days, the retirement of the first`,
    youngSeconds: 5,
    firstVersion,
    before: async () => {},
    play: async (world) => {
      await deploy(world);
      await world.clock.playUntil(END);
    },
    problems: (world, struck) => [
      ...announcedOnce(world, struck, 'First key of', 'Rotated'),
      ...(world.secrets.valueAt(SECRET, 'AWSPENDING') === undefined
        ? []
        : ['a key stayed pending']),
    ],
  };
}

/** A crash between an alert and what records that it was sent may send it again, and nothing may lose it. */
function announcedOnce(
  { inbox }: World,
  struck: Struck | undefined,
  ...starts: string[]
): string[] {
  if (struck?.call === 'sns Publish') return []; // one that was not taken is logged
  return starts.flatMap((start) => {
    const sent = inbox.messages.filter(({ subject }) => subject.includes(start)).length;
    const isRight = sent === 1 || (sent === 2 && struck !== undefined);
    return isRight ? [] : [`${sent} alerts say: ${start} ...`];
  });
}

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

const REFRESHED = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
  document.workspaces[0].keys[0].refresh = [
    { ecs: { cluster: 'main', service: 'search' } },
    { lambda: { function: 'answers' }, assumeRole: 'arn:aws:iam::444455556666:role/refresh' },
  ];
});

/** Services that read the key only when they start run with the new one, or on-call knows which do not. */
export const CONSUMERS_REFRESHED: Story = {
  name: 'a rotation with services that read the key only when they start',
  policy: REFRESHED,
  before: async (world) => {
    world.consumers.addService('main/search');
    world.consumers.addFunction('answers', { API_TOKEN: 'of-another-system' });
    await deploy(world);
    await world.clock.playUntil(dayOf(89));
  },
  play: (world) => world.clock.playUntil(END),
  problems: ({ consumers, inbox }) => {
    const isKnown = inbox.messages.some(({ attributes }) => attributes.type === 'refresh-failed');
    const starts = [
      consumers.services.get('main/search')?.deployedAt ?? [],
      consumers.functions.get('answers')?.updatedAt ?? [],
    ];
    return starts.flatMap((at) => {
      const isAfter = at.some((start) => start >= dayOf(90) && start < dayOf(91));
      return isAfter || isKnown ? [] : ['a service was not started with the new key'];
    });
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

/** Two secrets that were there before, of two formats and with one key; others edit one of them meanwhile. */
export const TAKEN_OVER: Story = {
  name: 'secrets that were there before are taken over, with the key that both have, and rotated',
  policy: TWO_EXISTING,
  secret: FIELD,
  before: async (world) => storeOldKeys(world, { isShared: true }),
  play: async (world) => {
    await deploy(world);
    await world.clock.playUntil(dayOf(1));
    for (const secret of [PLAIN, FIELD]) await world.rotate(secret).catch(() => undefined);
    await world.clock.playUntil(dayOf(12));
  },
  problems: (world) => [
    ...changedBytes(world),
    ...world.mistral.keys
      .all()
      .flatMap(({ name }) => (name === 'old-notebook' ? [`key ${name} was not revoked`] : [])),
  ],
};

function withoutKeys(policy: Policy): Policy {
  return { ...policy, workspaces: policy.workspaces.map((one) => ({ ...one, keys: [] })) };
}

export function dayOf(day: number): Date {
  return new Date(START.getTime() + day * DAY_MS);
}
