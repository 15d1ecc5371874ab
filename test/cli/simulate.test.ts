import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../cli/simulation/simulate.js';
import { usageLines } from '../../cli/simulation/usage-file.js';
import type { Policy } from '../../governance/policy/policy.js';
import { aPolicy } from '../support/builders.js';
import { documentOf, runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
const CALLER = 'arn:aws:sts::111122223333:assumed-role';

interface Request {
  readonly at: string;
  readonly caller?: string;
  readonly model?: string;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly [more: string]: unknown;
}

async function* lines(requests: readonly Request[]) {
  for (const request of requests) {
    const usual = { caller: `${CALLER}/platform-admin/x`, model: 'mistral-large-2512' };
    yield `${JSON.stringify({ ...usual, ...request })}\n`;
  }
}

const replay = (policy: Policy, requests: readonly Request[]) =>
  simulate(policy, usageLines(lines(requests)));

/** A tenth of a dollar; more is reserved, since the gateway knows a prompt's bytes alone. */
const TEN_CENTS = { promptTokens: 200_000 };
const budgeted = (budgets: object) =>
  aPolicy((policy) => {
    policy.workspaces[2].budgets = budgets;
    policy.workspaces[2].requestsPerMinute = 3;
    policy.roles.admin.maxTokensPerRequest = 10;
  });

test('a model that only the policy prices is served, at that price', async () => {
  const policy = aPolicy((document) => {
    document.prices = {
      models: { 'mistral-next': { inputPerMillionTokens: 2, outputPerMillionTokens: 4 } },
    };
  });
  const request = { at: '2026-11-24T09:30:00Z', model: 'mistral-next' };
  const { refused, totals } = await replay(policy, [
    { ...request, promptTokens: 1_000, completionTokens: 500 },
  ]);
  expect(refused).toBe(0);
  expect(totals.map(({ spentNanos }) => spentNanos)).toContain(4_000_000);
});

describe('simulate', () => {
  const csv = [
    'at,caller,model,promptTokens,completionTokens,endpoint',
    `2026-11-24T09:30:00Z,${CALLER}/analyst/ana,mistral-small-latest,900,100,chat`,
    `2026-11-24T09:31:00Z,${CALLER}/analyst/ana,"mistral-large-latest",900,100,chat`,
    `2026-11-24T09:32:00Z,${CALLER}/unknown/x,mistral-small-latest,1,1,`,
  ];

  test('says which requests would have been refused', async () => {
    const path = join(folder, 'usage.csv');
    writeFileSync(path, `\ufeff${csv.join('\r\n')}\r\n`);
    const { status, stdout } = await runCli(['simulate', '--usage', path]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^✗ 2 of 3 requests would have been refused, 2026-11-24 09:30 UTC to /m);
    expect(stdout).toMatch(/^ml-workspace +2 +1 +0 +0\.0002 USD$/m);
    expect(stdout).toMatch(/^model_not_allowed +ml-workspace +analyst +1 +2026-11-24 09:31 UTC/m);
    expect(stdout).toMatch(/^unknown_caller +- +- +1 /m);
  });

  test('reads stdin, skips invalid lines and reports them', async () => {
    const stdin = [...csv.slice(0, 2), 'x,y', '2026-11-24,bob,m,-1,0,chat'].join('\n');
    const run = await runCli(['simulate', '--usage', '-', '--json'], { stdin });
    expect(run.status).toBe(2);
    const { requests, refused, wrongLines } = documentOf(run);
    expect({ requests, refused }).toEqual({ requests: 1, refused: 0 });
    expect(wrongLines.first).toEqual([
      'line 3: has 2 fields, the header has 6',
      expect.stringMatching(
        /^line 4: at: got "2026-11-24", .*; caller: got "bob", must be an IAM ARN/,
      ),
    ]);
  });

  test.each([
    ['a file that is not there', ['--usage', join(folder, 'none')], '', 'there is no such file'],
    ['a folder', ['--usage', folder], '', 'could not be read: it is a folder'],
    [
      'a report that is not there',
      ['--workspace', 'dev-workspace', '--usage', join(folder, 'none')],
      '',
      'there is no such file',
    ],
    ['a file of something else', ['--usage', '-'], '<html>\n', 'neither JSON nor a CSV header'],
    ['an empty file', ['--usage', '-'], '', 'usage - holds no requests'],
    ['empty lines', ['--usage', '-'], '\ufeff\r\n \n', 'usage - holds no requests'],
    ['an empty array', ['--usage', '-'], '[]', 'usage - holds no requests'],
    ['a header alone', ['--usage', '-'], `${csv[0]}\n`, 'usage - holds no requests'],
  ])('fails on %s', async (_what, args, stdin, said) => {
    const { status, stdout, stderr } = await runCli(['simulate', ...args], { stdin });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(said);
  });
});

describe('a simulation', () => {
  test('rejects requests above a budget, and alerts as the spend monitor does', async () => {
    const minutes = [0, 10, 20, 30, 40, 110, 115, 130];
    const { refusals, alerts, budgets } = await replay(
      budgeted({ hourlyUsd: 0.4 }),
      minutes.map((minute) => ({
        at: new Date(Date.UTC(2026, 10, 24, 9, minute)).toISOString(),
        ...TEN_CENTS,
      })),
    );
    expect(refusals).toMatchObject([
      { code: 'budget_exhausted', workspace: 'prod-workspace', role: 'admin', count: 2 },
    ]);
    const [hours] = budgets.filter(({ workspace }) => workspace === 'prod-workspace');
    expect(hours).toMatchObject({ window: 'hour', budgetNanos: 4e8 });
    expect(hours?.windows).toEqual([
      { windowName: '2026-11-24T09', spentNanos: 3e8 },
      { windowName: '2026-11-24T10', spentNanos: 2e8 },
      { windowName: '2026-11-24T11', spentNanos: 1e8 },
    ]);
    const sent = alerts.map(({ type, at }) => `${type} ${at.toISOString().slice(11, 16)}`);
    // Half of the second hour's budget is spent in its last minutes: the first check after it alerts.
    expect(sent).toEqual(['spend-threshold 09:15', 'spend-threshold 11:00']);
  });

  test('counts requests by the minute and tokens by the day, in UTC', async () => {
    const policy = aPolicy((document) => {
      document.workspaces[1].requestsPerMinute = 2;
      document.roles.analyst.dailyTokens = 2000;
    });
    const ana = { caller: `${CALLER}/analyst/ana`, model: 'mistral-small-latest' };
    const { refusals } = await replay(policy, [
      { at: '2026-11-24T23:58:01+00:00', promptTokens: 1000, ...ana },
      { at: '2026-11-24T23:58:02+00:00', promptTokens: 1000, ...ana }, // 1000 used, and 3 bytes a token
      { at: '2026-11-25T00:59:03+01:00', promptTokens: 10, ...ana },
      { at: '2026-11-25T00:00:04Z', promptTokens: 10, ...ana },
      { at: '2026-11-25T00:00:05Z', promptTokens: 10, ...ana },
      { at: '2026-11-25T00:00:06Z', promptTokens: 10, ...ana },
    ]);
    expect(refusals.map(({ code, count }) => `${code} ${count}`).sort()).toEqual([
      'rate_limited 1',
      'tokens_exhausted 2',
    ]);
  });

  test('cuts answers short at the limit of the role', async () => {
    const { totals, refused } = await replay(budgeted({}), [
      { at: '2026-11-24T09:00:00Z', promptTokens: 0, completionTokens: 1000 },
    ]);
    const [, , production] = totals;
    expect(refused).toBe(0);
    expect(production).toMatchObject({ requests: 1, cutShort: 1, spentNanos: 15_000 }); // 10 tokens
  });

  test('takes lines up to an hour late, and skips later ones', async () => {
    const { requests, wrongLines, period } = await replay(budgeted({}), [
      { at: '2026-11-24T10:00:00Z' },
      { at: '2026-11-24T09:00:00Z' },
      { at: '2026-11-24T08:59:59Z' },
    ]);
    expect(requests).toBe(2);
    expect(wrongLines.first).toEqual([
      'line 3: 2026-11-24T08:59:59.000Z is over an hour before an earlier line: sort the file by "at"',
    ]);
    expect(period?.from.toISOString()).toBe('2026-11-24T09:00:00.000Z');
  });

  test('skips years without requests', async () => {
    const { alerts } = await replay(budgeted({ monthlyUsd: 0.4 }), [
      { at: '2026-11-24T09:00:00Z', ...TEN_CENTS },
      { at: '2026-11-24T09:01:00Z', ...TEN_CENTS },
      { at: '9026-11-24T09:00:00Z', ...TEN_CENTS },
      { at: '9026-11-24T09:01:00Z', ...TEN_CENTS },
    ]);
    const sent = alerts.map(({ at, type }) => `${type} ${at.toISOString().slice(0, 16)}`);
    expect(sent).toEqual(['spend-threshold 2026-11-24T09:15', 'spend-threshold 9026-11-24T09:15']);
  });

  test('lists the days on which keys would have rotated', async () => {
    const policy = aPolicy(({ workspaces }) => {
      workspaces[0].keys[0].rotateEveryDays = 10;
    });
    const { rotations } = await replay(policy, [
      { at: '2026-11-01T00:00:00Z' },
      { at: '2026-11-21T00:00:00Z' },
    ]);
    expect(rotations[0]).toMatchObject({
      secret: 'mistral/dev-workspace/dev-team-key',
      on: ['2026-11-11', '2026-11-21'],
    });
    expect(rotations[1]?.on).toEqual([]);
  });

  test('without requests is empty', async () => {
    const empty = await replay(aPolicy(), []);
    expect(empty).toMatchObject({ period: undefined, requests: 0, alerts: [], rotations: [] });
  });
});
