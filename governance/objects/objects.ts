/** What lives at Mistral in a workspace, under a key that all of its callers share. */
export type ObjectKind = 'file' | 'conversation' | 'batch';

/** By what an object is found. */
export interface ObjectKey {
  /** At Mistral: a new name is no new workspace. */
  readonly workspaceId: string;
  readonly kind: ObjectKind;
  readonly id: string;
}

/** Whose an object is. An object without a record belongs to no caller, and is answered as one that is not there. */
export interface ObjectRecord extends ObjectKey {
  /** The caller that created it, as its quotas name it. */
  readonly owner: string;
  /** Of the owner, when it was created. */
  readonly role: string;
  /** Whether that role shared its objects then. */
  readonly isShared: boolean;
  readonly createdAtMs: number;
  /** When Mistral deletes it. @default never */
  readonly expiresAtMs?: number | undefined;
  /** What lists show of it, as Mistral described it. */
  readonly card: Readonly<Record<string, unknown>>;
}

/** Shorter than any key of the table, and safe in a path, a header and a log. */
const ID = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,126}[A-Za-z0-9])?$/;

/** Whether a value can be the id of an object. Mistral's are UUIDs, or a prefix and hexadecimal digits. */
export function isObjectId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** Whether a record was written: not over one of another caller. */
export type Written = 'written' | 'of another caller';

/** Records in a certain order, some at a time. */
export type RecordPages = AsyncIterable<readonly ObjectRecord[]>;

/** Who owns what. Every method throws if no answer comes. */
export interface ObjectStore {
  read(key: ObjectKey): Promise<ObjectRecord | undefined>;
  /** Also over an earlier record of the same owner, so that it can be repeated. */
  write(record: ObjectRecord): Promise<Written>;
  /** Repeatable. A record of another owner stays. */
  remove(record: Pick<ObjectRecord, keyof ObjectKey | 'owner'>): Promise<void>;
  /** Those of one owner, the newest first. */
  ownedBy(owner: string, of: Pick<ObjectKey, 'workspaceId' | 'kind'>): RecordPages;
  /** Those that callers of sharing roles created, the newest first. */
  shared(of: Pick<ObjectKey, 'workspaceId' | 'kind'>): RecordPages;
  /** Which of up to a hundred ids have an owner. */
  known(
    of: Pick<ObjectKey, 'workspaceId' | 'kind'>,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>>;
}
