import type { CallerAccess } from '../access/compile-access.js';
import type { Policy } from '../policy/policy.js';
import {
  isObjectId,
  type ObjectKey,
  type ObjectKind,
  type ObjectRecord,
  type ObjectStore,
  type RecordPages,
} from './objects.js';

/** A caller as far as it owns objects. */
export type Owner = Pick<CallerAccess, 'principal' | 'access'>;

/** What is known of an object that was just created. */
export interface Created {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly expiresAtMs?: number | undefined;
  readonly card: ObjectRecord['card'];
}

/** How recording ended. */
export type Recorded =
  | { readonly kind: 'recorded'; readonly record: ObjectRecord }
  /** Mistral named an object that another caller owns: it must not be deleted. */
  | { readonly kind: 'of another caller' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface OwnershipDeps {
  readonly store: ObjectStore;
  readonly policy: Pick<Policy, 'roles'>;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
}

/** With the retries of the store's own client, some seconds. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;

/** Whose the objects at Mistral are, and who else may use them. */
export class Ownership {
  constructor(private readonly deps: OwnershipDeps) {}

  /** An object that the caller may use: `undefined` alike for one of another caller and for one that is not there. */
  async find(owner: Owner, kind: ObjectKind, id: string): Promise<ObjectRecord | undefined> {
    if (!isObjectId(id)) return undefined;
    const { workspaceId } = owner.access;
    const record = await this.deps.store.read({ workspaceId, kind, id });
    return record && this.#reaches(owner, record) ? record : undefined;
  }

  /** Makes the caller the owner of what it created. Never fails. */
  async record(owner: Owner, created: Created): Promise<Recorded> {
    const { workspaceId, role, sharesObjects } = owner.access;
    return this.#write({
      ...created,
      workspaceId,
      owner: owner.principal,
      role,
      isShared: sharesObjects,
      createdAtMs: this.deps.now().getTime(),
    });
  }

  async #write(record: ObjectRecord): Promise<Recorded> {
    const { store, sleep, random } = this.deps;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const written = await store.write(record);
        return written === 'written' ? { kind: 'recorded', record } : { kind: written };
      } catch (error) {
        const reason = error instanceof Error ? error.name : 'unknown';
        if (attempt === ATTEMPTS) return { kind: 'failed', reason };
        await sleep(PAUSE_MS * 2 ** attempt * random());
      }
    }
  }

  /** Makes the owner of an object that of another one, which came of it. Never fails. */
  async recordBeside(record: ObjectRecord, created: Created): Promise<Recorded> {
    return this.#write({ ...record, expiresAtMs: undefined, ...created });
  }

  /** After Mistral confirmed that the object is gone. Repeatable. */
  forget(record: Pick<ObjectRecord, keyof ObjectKey | 'owner'>): Promise<void> {
    return this.deps.store.remove(record);
  }

  /** All that a caller may use, the newest first, some at a time. */
  async *list(owner: Owner, kind: ObjectKind): AsyncGenerator<readonly ObjectRecord[]> {
    const { store } = this.deps;
    const { workspaceId, sharesObjects } = owner.access;
    const own = store.ownedBy(owner.principal, { workspaceId, kind });
    const lists = sharesObjects
      ? [matching(own, ({ isShared }) => !isShared), store.shared({ workspaceId, kind })]
      : [own];
    yield* matching(newestFirst(lists), (record) => this.#reaches(owner, record));
  }

  /** Now: what a role shared before is its owners' again once it no longer shares. */
  #shares(role: string): boolean {
    const { roles } = this.deps.policy;
    return Object.hasOwn(roles, role) && roles[role]?.sharedObjects === 'workspace';
  }

  #reaches({ principal, access }: Owner, record: ObjectRecord): boolean {
    const { expiresAtMs = Number.POSITIVE_INFINITY } = record;
    // DynamoDB deletes what has expired up to two days later.
    if (expiresAtMs <= this.deps.now().getTime()) return false;
    if (record.workspaceId !== access.workspaceId) return false;
    if (record.owner === principal) return true;
    return record.isShared && access.sharesObjects && this.#shares(record.role);
  }
}

async function* matching(
  pages: RecordPages,
  test: (record: ObjectRecord) => boolean,
): AsyncGenerator<readonly ObjectRecord[]> {
  for await (const records of pages) {
    const found = records.filter(test);
    if (found.length > 0) yield found;
  }
}

/** Merges lists that are each in this order. */
async function* newestFirst(
  lists: readonly RecordPages[],
): AsyncGenerator<readonly ObjectRecord[]> {
  const open = lists.map((list) => ({
    pages: list[Symbol.asyncIterator](),
    page: [] as readonly ObjectRecord[],
    at: 0,
  }));
  const fill = async (list: (typeof open)[number]) => {
    while (list.at === list.page.length) {
      const { done, value } = await list.pages.next();
      if (done) return false;
      list.page = value;
      list.at = 0;
    }
    return true;
  };
  for (;;) {
    const filled = await Promise.all(open.map(fill));
    const left = open.filter((_, index) => filled[index]);
    if (left.length === 0) return;
    const merged: ObjectRecord[] = [];
    while (left.every(({ page, at }) => at < page.length)) {
      const next = left.reduce((one, other) => (createdAt(other) > createdAt(one) ? other : one));
      merged.push(next.page[next.at] as ObjectRecord);
      next.at += 1;
    }
    yield merged;
  }
}

function createdAt({ page, at }: { readonly page: readonly ObjectRecord[]; readonly at: number }) {
  return page[at]?.createdAtMs ?? 0;
}
