import { describe, expect, test } from 'vitest';
import { createOrganization } from '../../../governance/mistral/organization.js';
import { adminApi } from '../../support/admin-api.js';
import { json } from '../../support/loopback.js';

async function organizationOf(...[answer]: Parameters<typeof adminApi>) {
  const { admin, requests } = await adminApi(answer);
  return { organization: createOrganization(admin), requests };
}

/** One answer to every request. */
const answering = (body: unknown) => organizationOf((response) => json(response, 200, body));

describe('the spend limit', () => {
  const limits = (completion: object, more = {}) => ({
    limits: { completion: { monthly_limit_reached: false, ...completion }, ...more },
  });

  test('is read whole', async () => {
    const { organization, requests } = await answering(
      limits(
        { monthly_limit_reached: true, usage: 120.5, total_usage: 130, usage_limit: 150 },
        { currency: 'EUR', last_payment_failure: true, last_payment_failure_protection: null },
      ),
    );
    expect(await organization.spendLimit()).toEqual({
      reached: true,
      usage: 120.5,
      totalUsage: 130,
      limit: 150,
      currency: 'EUR',
      lastPaymentFailed: true,
    });
    expect(await organization.spendLimitReached()).toBe(true);
    expect(requests[0]).toMatchObject({ method: 'GET', path: '/v1/admin/spend-limit' });
  });

  test('is undefined where the organization set none', async () => {
    const { organization } = await answering(limits({ no_monthly_limit: true, usage_limit: 0 }));
    expect(await organization.spendLimit()).toEqual({
      reached: false,
      usage: undefined,
      totalUsage: undefined,
      limit: undefined,
      currency: undefined,
      lastPaymentFailed: false,
    });
    expect(await organization.spendLimitReached()).toBe(false);
  });

  test('fails where Mistral does not say whether it is reached', async () => {
    const { organization } = await answering({ limits: { completion: {} } });
    await expect(organization.spendLimitReached()).rejects.toThrow(/monthly_limit_reached/);
  });
});

test('the rate limit is in requests per second', async () => {
  const { organization, requests } = await answering({
    requests_per_second: 6,
    tokens_limits_by_model: {},
  });
  expect(await organization.requestsPerSecond()).toBe(6);
  expect(requests[0]?.path).toBe('/v1/admin/rate-limit');
});

describe('usage', () => {
  const tokens = { billing_metric: 'mistral-small-2603', value: 11121, timestamp: '2026-11-14' };
  const price = { billing_metric: 'mistral-small-2603', billing_group: 'input', price: '8.50E-8' };
  const completion = { models: { 'small::mistral-small-2603': { input: [tokens] } } };

  test('keeps rows and categories unchanged, also unknown ones', async () => {
    const { organization, requests } = await answering({
      completion,
      video: { models: {} },
      vibe_usage: 0,
      date: '2026-11-24T00:00:00Z',
      next_month: null,
      start_date: '2026-11-01T00:00:00Z',
      end_date: '2026-11-30T23:59:59Z',
      currency: 'USD',
      currency_symbol: '$',
      prices: [price],
    });
    expect(await organization.usage({ year: 2026, month: 11, workspaceId: 'w1' })).toEqual({
      currency: 'USD',
      startDate: '2026-11-01T00:00:00Z',
      endDate: '2026-11-30T23:59:59Z',
      prices: [price],
      categories: { completion, video: { models: {} }, vibe_usage: 0 },
    });
    expect(requests[0]?.path).toBe('/v1/admin/usage');
    expect(requests[0]?.query.toString()).toBe('year=2026&month=11&workspace_id=w1');
  });

  test.each([
    ['usd', 'USD'],
    [' Eur ', 'EUR'],
    ['', undefined],
  ])('in the currency %j is in %s, as limits are', async (currency, expected) => {
    const limits = { completion: { monthly_limit_reached: false }, currency };
    const { organization } = await answering({ currency, limits });
    expect((await organization.usage({ year: 2026, month: 1 })).currency).toBe(expected);
    expect((await organization.spendLimit()).currency).toBe(expected);
  });

  test('of the whole organization, in a month without any', async () => {
    const { organization, requests } = await answering({ currency: null, prices: null });
    expect(await organization.usage({ year: 2026, month: 1 })).toEqual({
      currency: undefined,
      startDate: undefined,
      endDate: undefined,
      prices: [],
      categories: {},
    });
    expect(requests[0]?.query.toString()).toBe('year=2026&month=1');
  });

  test('fails on prices that are not a list', async () => {
    const { organization } = await answering({ prices: ['free'] });
    await expect(organization.usage({ year: 2026, month: 1 })).rejects.toThrow(/prices\[\]/);
  });
});

describe('workspaces', () => {
  const workspaces = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      uuid: `w${index}`,
      name: `workspace ${index}`,
    }));

  /** Pages as the specification has them, of at most `maxSize` items. */
  async function workspacesAre(rows: unknown[], maxSize = 100, afterPage = (_page: number) => {}) {
    return await organizationOf((response, { query }, count) => {
      const page = Number(query.get('page'));
      const page_size = Math.min(Number(query.get('page_size')), maxSize);
      const items = rows.slice((page - 1) * page_size, page * page_size);
      json(response, 200, { items, total: rows.length, page, page_size });
      afterPage(count);
    });
  }

  async function idsOf({ organization }: Awaited<ReturnType<typeof organizationOf>>) {
    const ids: string[] = [];
    for await (const { id } of organization.workspaces()) ids.push(id);
    return ids;
  }

  test.each([
    [0, 100, 1],
    [99, 100, 1],
    [100, 100, 1],
    [101, 100, 2],
    [60, 25, 3],
  ])('%i of them in pages of %i take %i requests', async (count, pageSize, requests) => {
    const server = await workspacesAre(workspaces(count), pageSize);
    expect(await idsOf(server)).toEqual(workspaces(count).map(({ uuid }) => uuid));
    expect(server.requests).toHaveLength(requests);
    expect(server.requests[0]?.path).toBe('/v1/admin/workspaces');
  });

  test('are all found although an earlier one was deleted meanwhile', async () => {
    const rows = workspaces(150);
    const server = await workspacesAre(rows, 100, (page) => {
      if (page === 1) rows.shift();
    });
    const ids = await idsOf(server);
    expect(ids).toHaveLength(150);
    expect(new Set(ids).size).toBe(150);
  });

  test('without a name have an empty one', async () => {
    const { organization } = await answering({ items: [{ uuid: 'w1' }] });
    for await (const workspace of organization.workspaces()) {
      expect(workspace).toEqual({ id: 'w1', name: '' });
    }
  });

  test('fail on a server that repeats its page', async () => {
    const server = await answering({ items: workspaces(100), total: 300, page_size: 100 });
    await expect(idsOf(server)).rejects.toThrow(/page 2 of the workspaces repeats/);
  });
});

test('a workspace has a monthly limit where Mistral says so', async () => {
  const limit = (value: number | null, none: boolean) => ({
    spend_limit: { value, currency: 'USD', no_monthly_limit: none },
  });
  const items = [
    { uuid: '1', name: 'limited', ...limit(20.5, false) },
    { uuid: '2', name: 'lifted', ...limit(20.5, true) },
    { uuid: '3', name: 'never limited', ...limit(null, false) },
    { uuid: '4', name: 'silent', spend_limit: null },
    { uuid: '5', name: 'in lower case', spend_limit: { value: 1, currency: 'usd' } },
  ];
  const { organization } = await answering({ items, total: 5, page: 1, page_size: 100 });
  const limits = [];
  for await (const { monthlyLimit } of organization.workspaces()) limits.push(monthlyLimit);
  expect(limits).toEqual([
    { amount: 20.5, currency: 'USD' },
    undefined,
    undefined,
    undefined,
    { amount: 1, currency: 'USD' },
  ]);
});
