import { describe, expect, test } from 'vitest';
import { createAdminKeySource } from '../../../governance/mistral/key-source.js';
import type { MistralAdmin } from '../../../governance/mistral/mistral-admin.js';
import { createOrganization } from '../../../governance/mistral/organization.js';
import { adminApi } from '../../support/admin-api.js';

const newKey = { name: 'n', workspaceId: 'w1', ownerUserId: 'u1', expiresOn: '2027-03-10' };

/** Every way in which this product asks the Admin API something. */
const ASKED: readonly [string, (admin: MistralAdmin) => Promise<unknown>][] = [
  ['the keys', (admin) => all(createAdminKeySource(admin).list())],
  ['a new key', (admin) => createAdminKeySource(admin).create(newKey)],
  ['the workspaces', (admin) => all(createOrganization(admin).workspaces())],
  ['the rate limit', (admin) => createOrganization(admin).requestsPerSecond()],
  ['the spend limit', (admin) => createOrganization(admin).spendLimit()],
  ['the usage', (admin) => createOrganization(admin).usage({ year: 2026, month: 11 })],
];

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

const PAGE = '<!doctype html><title>Maintenance</title>';

describe.each<[string, number, string, RegExp]>([
  ['HTML', 200, PAGE, /answered 200 with HTML instead of JSON/],
  ['HTML and 404', 404, PAGE, /answered 404 with HTML, so it is not the API: check the URL/],
  ['HTML and 502', 502, PAGE, /answered 502$/],
  ['truncated JSON', 200, '{"keys":[{"key_id":"k1","na', /answered 200 with broken JSON/],
  ['nothing', 200, '', /answered 200 not as documented: the whole body/],
  ['null', 200, 'null', /answered 200 not as documented: the whole body/],
  ['a text', 200, '"fine"', /answered 200 not as documented: the whole body/],
  ['a list', 200, '[]', /answered 200 not as documented: the whole body/],
])('an Admin API that answers %s', (_name, status, body, message) => {
  async function ask(what: (admin: MistralAdmin) => Promise<unknown>): Promise<unknown> {
    const { admin } = await adminApi((response) => response.writeHead(status).end(body));
    return what(admin).catch((e: unknown) => e);
  }

  test.each(ASKED)('fails a request for %s, in a sentence', async (_what, what) => {
    const error = await ask(what);
    expect(error).toBeInstanceOf(Error);
    expect(error).toHaveProperty('name', expect.stringMatching(/^Mistral(Response|Unavail)/));
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    expect(String(error).length).toBeLessThan(300);
    expect(String(error)).not.toContain('Maintenance');
  });
});

test('fields of the wrong kind are named, and their values are not', async () => {
  const body = { keys: { secret: 'value' }, items: 'value', limits: 'value', prices: 'value' };
  for (const [, what] of ASKED) {
    const { admin } = await adminApi((response) => response.end(JSON.stringify(body)));
    const error = await what(admin).catch((e: unknown) => e);
    expect(String(error)).toMatch(/^MistralResponseError: .* not as documented: /);
    expect(String(error)).not.toContain('value');
  }
});
