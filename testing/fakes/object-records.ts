import type {
  ObjectKey,
  ObjectRecord,
  ObjectStore,
  RecordPages,
} from '../../governance/objects/objects.js';

export interface FakeObjectStore extends ObjectStore {
  readonly records: ReadonlyMap<string, ObjectRecord>;
}

const PAGE = 100;

/** The table of objects, in memory. */
export function createFakeObjectStore(): FakeObjectStore {
  const records = new Map<string, ObjectRecord>();

  const isFree = ({ owner, ...key }: Pick<ObjectRecord, keyof ObjectKey | 'owner'>) =>
    (records.get(nameOf(key))?.owner ?? owner) === owner;

  async function* pages(test: (record: ObjectRecord) => boolean): AsyncGenerator<ObjectRecord[]> {
    const found = [...records.values()]
      .filter(test)
      .sort((one, other) => orderOf(other).localeCompare(orderOf(one)));
    for (let at = 0; at === 0 || at < found.length; at += PAGE) yield found.slice(at, at + PAGE);
  }

  const isOf = (record: ObjectRecord, of: Pick<ObjectKey, 'workspaceId' | 'kind'>) =>
    record.workspaceId === of.workspaceId && record.kind === of.kind;

  return {
    records,

    async read(key) {
      return records.get(nameOf(key));
    },

    async write(record) {
      if (!isFree(record)) return 'of another caller';
      records.set(nameOf(record), record);
      return 'written';
    },

    async remove(record) {
      if (isFree(record)) records.delete(nameOf(record));
    },

    ownedBy: (owner, of): RecordPages =>
      pages((record) => isOf(record, of) && record.owner === owner),
    shared: (of) => pages((record) => isOf(record, of) && record.isShared),
    known: async (of, ids) => new Set(ids.filter((id) => records.has(nameOf({ ...of, id })))),
  };
}

function nameOf({ workspaceId, kind, id }: ObjectKey): string {
  return `${workspaceId} ${kind} ${id}`;
}

function orderOf({ createdAtMs, id }: ObjectRecord): string {
  return `${String(createdAtMs).padStart(15, '0')} ${id}`;
}
