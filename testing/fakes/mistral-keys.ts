import { randomBytes, randomUUID } from 'node:crypto';

export interface FakeKey {
  readonly id: string;
  readonly plaintext: string;
  readonly name: string | null;
  readonly workspaceId: string;
  readonly userId: string;
  readonly createdAt: Date;
  /** Until then the new key is rejected. */
  readonly activeFrom: Date;
  readonly expiresOn: string | null;
  lastUsedOn: string | null;
}

export interface FakeKeysOptions {
  readonly now: () => Date;
  /** How long a new key is rejected. @default 0 */
  readonly youngSeconds?: number;
  /** Mistral's own policy: the longest lifetime of a new key. @default no limit */
  readonly longestLifeDays?: number;
  /** Whether a key of this name is always rejected. @default no key is */
  readonly neverWorks?: (name: string, workspaceId: string) => boolean;
}

export interface NewFakeKey {
  readonly name?: string | null | undefined;
  readonly workspaceId: string;
  readonly userId: string;
  readonly expiresOn?: string | null | undefined;
}

export type FakeKeys = ReturnType<typeof createFakeKeys>;

/** The keys of an organization, as the Admin API manages them. */
export function createFakeKeys(options: FakeKeysOptions) {
  const { now, youngSeconds = 0, longestLifeDays, neverWorks = () => false } = options;
  const keys = new Map<string, FakeKey>();
  const made: FakeKey[] = [];
  const broken = new Set<string>();

  function accepts({ id, name, workspaceId, activeFrom, expiresOn }: FakeKey): boolean {
    if (broken.has(id) || neverWorks(name ?? '', workspaceId) || activeFrom > now()) return false;
    return expiresOn === null || expiresOn >= dayOf(now());
  }

  function clamped(expiresOn: string | null): string | null {
    if (longestLifeDays === undefined) return expiresOn;
    const longest = dayOf(new Date(now().getTime() + longestLifeDays * 86_400_000));
    return expiresOn === null || expiresOn > longest ? longest : expiresOn;
  }

  const fake = {
    /** Called before each deletion. */
    onDelete: (_key: FakeKey): void => {},
    /** Every key, deleted ones included. */
    made: made as readonly FakeKey[],
    all: (): readonly FakeKey[] => [...keys.values()],
    /** From now on the key is rejected, though still listed. */
    breakKey: (id: string): void => void broken.add(id),
    isBroken: (id: string): boolean => broken.has(id),

    create({ name = null, workspaceId, userId, expiresOn = null }: NewFakeKey): FakeKey {
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

    delete(id: string): boolean {
      const key = keys.get(id);
      if (key) fake.onDelete(key);
      return keys.delete(id);
    },

    /** The key that authenticates a caller; this counts as a use of it. */
    accept(plaintext: string): FakeKey | undefined {
      const key = [...keys.values()].find((candidate) => candidate.plaintext === plaintext);
      if (!key || !accepts(key)) return undefined;
      key.lastUsedOn = dayOf(now());
      return key;
    },

    /** Whether the key would be accepted; not a use. */
    isAccepted(id: string): boolean {
      const key = keys.get(id);
      return key !== undefined && accepts(key);
    },
  };
  return fake;
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
