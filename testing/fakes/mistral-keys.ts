import { randomBytes, randomUUID } from 'node:crypto';

export interface FakeKey {
  readonly id: string;
  readonly plaintext: string;
  readonly name: string | null;
  readonly workspaceId: string;
  readonly userId: string;
  readonly createdAt: Date;
  /** Until when the key is too young to be let in. */
  readonly activeFrom: Date;
  readonly expiresOn: string | null;
  lastUsedOn: string | null;
}

export interface FakeKeysOptions {
  readonly now: () => Date;
  /** How long a new key is refused. @default 0 */
  readonly youngSeconds?: number;
  /** Mistral's own policy: the longest that a new key may live. @default no limit */
  readonly longestLifeDays?: number;
  /** Whether a key of this name is refused for good. @default none is */
  readonly isBroken?: (name: string) => boolean;
}

export interface NewFakeKey {
  readonly name?: string | null | undefined;
  readonly workspaceId: string;
  readonly userId: string;
  readonly expiresOn?: string | null | undefined;
}

/** The keys of an organization, as the Admin API manages them. */
export interface FakeKeys {
  create(key: NewFakeKey): FakeKey;
  delete(id: string): boolean;
  all(): readonly FakeKey[];
  /** Every key there ever was. */
  readonly made: readonly FakeKey[];
  /** The key that a caller is let in with, which counts as a use of it. */
  admit(plaintext: string): FakeKey | undefined;
  /** Whether the key would be let in; not a use. */
  isAccepted(id: string): boolean;
  /** From now on the key is refused, though still listed. */
  ruin(id: string): void;
  isRuined(id: string): boolean;
  /** Called before each deletion. */
  onDelete: (key: FakeKey) => void;
}

export function createFakeKeys(options: FakeKeysOptions): FakeKeys {
  const { now, youngSeconds = 0, longestLifeDays, isBroken = () => false } = options;
  const keys = new Map<string, FakeKey>();
  const made: FakeKey[] = [];
  const ruined = new Set<string>();

  function accepts({ id, name, activeFrom, expiresOn }: FakeKey): boolean {
    if (ruined.has(id) || isBroken(name ?? '') || activeFrom > now()) return false;
    return expiresOn === null || expiresOn >= dayOf(now());
  }

  function clamped(expiresOn: string | null): string | null {
    if (longestLifeDays === undefined) return expiresOn;
    const longest = dayOf(new Date(now().getTime() + longestLifeDays * 86_400_000));
    return expiresOn === null || expiresOn > longest ? longest : expiresOn;
  }

  const fake: FakeKeys = {
    onDelete: () => {},
    made,
    all: () => [...keys.values()],
    ruin: (id) => void ruined.add(id),
    isRuined: (id) => ruined.has(id),

    create({ name = null, workspaceId, userId, expiresOn = null }) {
      const key: FakeKey = {
        id: randomUUID(),
        plaintext: randomBytes(24).toString('base64url'),
        name,
        workspaceId,
        userId,
        createdAt: now(),
        activeFrom: new Date(now().getTime() + youngSeconds * 1000),
        expiresOn: clamped(expiresOn),
        lastUsedOn: null,
      };
      keys.set(key.id, key);
      made.push(key);
      return key;
    },

    delete(id) {
      const key = keys.get(id);
      if (key) fake.onDelete(key);
      return keys.delete(id);
    },

    admit(plaintext) {
      const key = [...keys.values()].find((candidate) => candidate.plaintext === plaintext);
      if (!key || !accepts(key)) return undefined;
      key.lastUsedOn = dayOf(now());
      return key;
    },

    isAccepted(id) {
      const key = keys.get(id);
      return key !== undefined && accepts(key);
    },
  };
  return fake;
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
