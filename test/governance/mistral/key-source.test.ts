import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createAdminKeySource } from '../../../governance/mistral/key-source.js';
import type { ListedKey } from '../../../governance/mistral/mistral.js';
import { adminApi } from '../../support/admin-api.js';
import { json } from '../../support/loopback.js';

const row = (id: string) => ({
  key_id: id,
  key: null,
  name: `name of ${id}`,
  hidden_key: 'HQSx...Ug6Y',
  created_at: '2026-08-01T09:30:00.250Z',
  expiration_date: '2026-12-01',
  actions: { rotate: { status: 'available' } },
  workspace_id: 'w1',
  workspace_name: 'prod',
  created_by: 'ops@example.com',
  product: 'API',
  last_used: '2026-11-20',
  can_delete: true,
});

async function all(keys: AsyncIterable<ListedKey>): Promise<ListedKey[]> {
  const listed: ListedKey[] = [];
  for await (const key of keys) listed.push(key);
  return listed;
}

describe('lists keys', () => {
  /** Answers as the specification says, from the rows at that moment. */
  async function keysAre(rows: unknown[], afterPage: (page: number) => void = () => {}) {
    const { admin, requests } = await adminApi((response, { query }, count) => {
      const offset = Number(query.get('offset'));
      json(response, 200, { keys: rows.slice(offset, offset + Number(query.get('limit'))) });
      afterPage(count);
    });
    return { source: createAdminKeySource(admin), requests };
  }

  test('in the terms of this product', async () => {
    const { source } = await keysAre([row('k1')]);
    expect(await all(source.list())).toEqual([
      {
        id: 'k1',
        name: 'name of k1',
        workspaceId: 'w1',
        workspaceName: 'prod',
        createdAt: new Date('2026-08-01T09:30:00.250Z'),
        createdBy: 'ops@example.com',
        expiresOn: '2026-12-01',
        lastUsedOn: '2026-11-20',
        hiddenKey: 'HQSx...Ug6Y',
      },
    ]);
  });

  test.each([
    ['absent', { key_id: 'k1' }],
    [
      'null',
      {
        key_id: 'k1',
        name: null,
        created_at: null,
        expiration_date: null,
        workspace_id: null,
        workspace_name: null,
        last_used: null,
      },
    ],
  ])('with fields that are %s', async (_name, bare) => {
    const { source } = await keysAre([bare]);
    expect(await all(source.list())).toEqual([
      {
        id: 'k1',
        name: '',
        workspaceId: undefined,
        workspaceName: undefined,
        createdAt: undefined,
        expiresOn: undefined,
        lastUsedOn: undefined,
      },
    ]);
  });

  test.each([
    ['2026-08-01T09:30:00', '2026-08-01T09:30:00.000Z'],
    ['2026-08-01 09:30:00.123456', '2026-08-01T09:30:00.123Z'],
    ['2026-08-01T09:30:00+02:00', '2026-08-01T07:30:00.000Z'],
    ['2026-08-01', '2026-08-01T00:00:00.000Z'],
  ])('created at %s, wherever this runs', async (created_at, instant) => {
    const { source } = await keysAre([{ ...row('k1'), created_at }]);
    expect((await all(source.list()))[0]?.createdAt?.toISOString()).toBe(instant);
  });

  test('with the date of a date-time where a date belongs', async () => {
    const { source } = await keysAre([{ ...row('k1'), last_used: '2026-11-20T23:59:00+00:00' }]);
    expect((await all(source.list()))[0]?.lastUsedOn).toBe('2026-11-20');
  });

  test('over all pages, and passes the name on', async () => {
    const rows = Array.from({ length: 250 }, (_, index) => row(`k${index}`));
    const { source, requests } = await keysAre(rows);
    expect(await all(source.list('prod api&key'))).toHaveLength(250);
    expect(requests.map(({ path, query }) => `${path}?${query}`)).toEqual(
      expect.arrayContaining([
        '/v1/admin/api-keys?limit=100&offset=0&name=prod+api%26key',
        '/v1/admin/api-keys?limit=100&offset=99&name=prod+api%26key',
        '/v1/admin/api-keys?limit=100&offset=198&name=prod+api%26key',
      ]),
    );
    expect((await all(source.list())).at(-1)?.id).toBe('k249');
    expect(requests.at(-1)?.query.has('name')).toBe(false);
  });

  test('without losing one to deletions meanwhile', async () => {
    const rows = Array.from({ length: 350 }, (_, index) => row(`k${index}`));
    const { source } = await keysAre(rows, (page) => {
      if (page < 4) rows.splice(0, 70);
    });
    const listed = new Set((await all(source.list())).map(({ id }) => id));
    expect(rows.filter(({ key_id }) => !listed.has(key_id))).toEqual([]);
  });

  test('of a server that sends 100,000 at once', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => row(`k${index}`));
    const { admin, requests } = await adminApi((response, { query }) => {
      json(response, 200, { keys: rows.slice(Number(query.get('offset'))) });
    });
    let count = 0;
    for await (const _key of createAdminKeySource(admin).list()) count += 1;
    expect(count).toBe(100_000);
    expect(requests).toHaveLength(2);
  });

  test.each([
    ['no id', { ...row('k1'), key_id: undefined }, 'keys[].key_id'],
    ['a name that is none', { ...row('k1'), name: 7 }, 'keys[].name'],
    ['a creation time that is none', { ...row('k1'), created_at: 'lately' }, 'keys[].created_at'],
    ['a last use that is none', { ...row('k1'), last_used: '2026-13-99' }, 'keys[].last_used'],
  ])('fails on a row with %s', async (_name, bad, field) => {
    const { source } = await keysAre([row('k0'), bad]);
    await expect(all(source.list())).rejects.toThrow(`not as documented: ${field}: `);
  });
});

describe('creates a key', () => {
  const wanted = {
    name: 'dev-team-key-20261124-0a1b2c3d',
    workspaceId: 'w1',
    ownerUserId: 'u1',
    expiresOn: '2027-03-10',
  };
  const created = {
    key_id: 'k9',
    key: 'BrandNewKeyBrandNewKeyBrandNew01',
    created_at: '2026-11-24T10:00:00Z',
    expiration_date: '2027-02-01',
  };

  test('and returns it with the expiry that Mistral set', async () => {
    const { admin, requests } = await adminApi((response) => json(response, 200, created));
    const key = await createAdminKeySource(admin).create(wanted);
    expect(key).toMatchObject({
      id: 'k9',
      createdAt: new Date('2026-11-24T10:00:00Z'),
      expiresOn: '2027-02-01',
    });
    expect(key.apiKey.reveal()).toBe(created.key);
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/v1/admin/api-keys' });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      name: wanted.name,
      expiration: '2027-03-10',
      workspace_uuid: 'w1',
      user_id: 'u1',
    });
  });

  test('after a 429, which created nothing', async () => {
    const { admin, requests } = await adminApi((response, _request, count) => {
      json(response, count < 3 ? 429 : 200, count < 3 ? {} : created);
    });
    expect((await createAdminKeySource(admin).create(wanted)).id).toBe('k9');
    expect(requests).toHaveLength(3);
  });

  test.each([
    ['the connection breaks', (response) => response.destroy()],
    ['Mistral answers 500', (response) => json(response, 500, {})],
    ['a proxy answers 504', (response) => response.writeHead(504).end('<html>')],
    ['the answer is cut off', (response) => response.end(JSON.stringify(created).slice(0, 60))],
    ['the answer lacks the key', (response) => json(response, 200, { ...created, key: null })],
    ['the answer lacks the id', (response) => json(response, 200, { key: created.key })],
  ] satisfies [string, Parameters<typeof adminApi>[0]][])(
    'never twice: when %s, it fails and leaves the check to the caller',
    async (_name, answer) => {
      const { admin, requests } = await adminApi(answer);
      const error = await createAdminKeySource(admin)
        .create(wanted)
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('BrandNew');
      expect(requests).toHaveLength(1);
    },
  );
});

describe('deletes a key', () => {
  test.each([
    ['deleted', 200, { detail: 'API key deleted successfully' }],
    ['already gone', 404, { detail: 'Not Found' }],
  ])('%s', async (outcome, status, body) => {
    const { admin, requests } = await adminApi((response) => json(response, status, body));
    expect(await createAdminKeySource(admin).delete('k-1')).toBe(outcome);
    expect(requests).toMatchObject([{ method: 'DELETE', path: '/v1/admin/api-keys/k-1' }]);
  });

  test('where the answer is empty', async () => {
    const { admin } = await adminApi((response) => response.writeHead(204).end());
    expect(await createAdminKeySource(admin).delete('k1')).toBe('deleted');
  });

  test('whose first answer was lost', async () => {
    const { admin } = await adminApi((response, _request, count) => {
      if (count === 1) response.destroy();
      else json(response, 404, { detail: 'Not Found' });
    });
    expect(await createAdminKeySource(admin).delete('k1')).toBe('already gone');
  });

  test.each([200, 404])('fails on HTML with %i, which the API never sends', async (status) => {
    const { admin } = await adminApi((response) => response.writeHead(status).end('<html>'));
    await expect(createAdminKeySource(admin).delete('k1')).rejects.toThrow(/HTML/);
  });

  test.each(['', '..', 'a/b', 'HQSx key'])(
    'fails on "%s", which is not a key id',
    async (keyId) => {
      const { admin, requests } = await adminApi((response) => json(response, 200, {}));
      await expect(createAdminKeySource(admin).delete(keyId)).rejects.toThrow(
        /the id is not valid/,
      );
      expect(requests).toHaveLength(0);
    },
  );
});
