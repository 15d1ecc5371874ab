import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { createObjectStore } from '../../../governance/objects/object-store.aws.js';
import type {
  ObjectRecord,
  ObjectStore,
  RecordPages,
} from '../../../governance/objects/objects.js';
import { OBJECT_INDEXES } from '../../../governance/policy/object-indexes.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { createFakeObjectStore } from '../../../testing/fakes/object-records.js';
import { newTableForEach } from '../../support/table.js';

const ALICE = 'arn:aws:iam::111122223333:user/alice';
/** Begins with all of Alice's name: a path of IAM may have almost any character. */
const LONGER = `${ALICE}#000000000000001`;
const OF = { workspaceId: '5f9a2e30-0000-4000-8000-000000000001', kind: 'file' } as const;

let inTable: ObjectStore;
let dynamo: LocalDynamo;
let table: string;
newTableForEach((local, name) => {
  dynamo = local;
  table = name;
  inTable = createObjectStore(local.client, name);
}, Object.values(OBJECT_INDEXES));

function record(id: string, more: Partial<ObjectRecord> = {}): ObjectRecord {
  return {
    ...OF,
    ...{ id, owner: ALICE, role: 'developer', isShared: false, createdAtMs: 1_790_000_000_000 },
    ...{ card: { id, filename: 'a.pdf', bytes: 3, expires_at: null } },
    ...more,
  };
}

async function idsOf(pages: RecordPages): Promise<string[]> {
  const ids: string[] = [];
  for await (const records of pages) ids.push(...records.map(({ id }) => id));
  return ids;
}

describe.each<[string, () => ObjectStore]>([
  ['the table', () => inTable],
  ['the stand-in', createFakeObjectStore],
])('%s', (_name, open) => {
  test('what was written is read again, by workspace, kind and id', async () => {
    const store = open();
    const written = record('a', { expiresAtMs: 1_790_000_001_000 });
    expect(await store.write(written)).toBe('written');
    expect(await store.read(written)).toEqual(written);
    expect(await store.read({ ...written, kind: 'batch' })).toBeUndefined();
    expect(await store.read({ ...written, workspaceId: 'another' })).toBeUndefined();
    expect(await store.read({ ...written, id: 'A' })).toBeUndefined();
  });

  test('a record can be written and removed again, but only by its owner', async () => {
    const store = open();
    expect(await store.write(record('a'))).toBe('written');
    expect(await store.write(record('a', { card: {} }))).toBe('written');
    expect(await store.write(record('a', { owner: LONGER }))).toBe('of another caller');
    await store.remove({ ...record('a'), owner: LONGER });
    expect((await store.read(record('a')))?.owner).toBe(ALICE);
    await store.remove(record('a'));
    await store.remove(record('a'));
    expect(await store.read(record('a'))).toBeUndefined();
  });

  test('lists have those of one owner, or those that are shared, the newest first', async () => {
    const store = open();
    const base = 1_790_000_000_000;
    await store.write(record('old', { createdAtMs: base }));
    await store.write(record('shared', { createdAtMs: base + 1, isShared: true }));
    await store.write(record('other', { createdAtMs: base + 2, owner: LONGER }));
    await store.write(
      record('other-shared', { createdAtMs: base + 3, owner: LONGER, isShared: true }),
    );
    await store.write(record('new', { createdAtMs: base + 4 }));
    await store.write(record('batch', { kind: 'batch' }));
    await store.write(record('elsewhere', { workspaceId: 'another' }));
    expect(await idsOf(store.ownedBy(ALICE, OF))).toEqual(['new', 'shared', 'old']);
    expect(await idsOf(store.ownedBy(LONGER, OF))).toEqual(['other-shared', 'other']);
    expect(await idsOf(store.shared(OF))).toEqual(['other-shared', 'shared']);
    const ids = ['old', 'old', 'shared', 'batch', 'elsewhere', 'x'.repeat(3000)];
    expect(await store.known(OF, ids)).toEqual(new Set(['old', 'shared']));
    expect(await store.known(OF, [])).toEqual(new Set());
  });
});

test('an item expires with its object, and never without an expiry', async () => {
  await inTable.write(record('a', { expiresAtMs: 1_790_000_000_500 }));
  await inTable.write(record('b'));
  const items = await dynamo.items(table);
  expect(items.map(({ sk, expiresAt }) => [sk?.S, expiresAt?.N]).sort()).toEqual([
    ['a', '1790000001'],
    ['b', undefined],
  ]);
});

test('a list is read over as many pages as it has', async () => {
  const ids = Array.from({ length: 1203 }, (_, at) => `f${String(at).padStart(4, '0')}`);
  await Promise.all(ids.map((id, at) => inTable.write(record(id, { createdAtMs: 1000 + at }))));
  expect(await idsOf(inTable.ownedBy(ALICE, OF))).toEqual(ids.toReversed());
});

test('an item that nothing here wrote is an error, not an object', async () => {
  await inTable.write(record('a'));
  const [item] = await dynamo.items(table);
  await dynamo.client.send(
    new PutItemCommand({ TableName: table, Item: { ...item, owner: { N: '1' } } }),
  );
  await expect(inTable.read(record('a'))).rejects.toThrow(/owner/);
});
