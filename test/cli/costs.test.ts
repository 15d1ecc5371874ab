import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AWS_PRICES, AWS_PRICES_OF } from '../../cli/costs/aws-prices.js';
import { centsText, sumOf } from '../../cli/costs/costs.js';
import { outlookOf, outlookText } from '../../cli/costs/outlook.js';
import { PLAIN } from '../../cli/terminal/style.js';
import { auditGauges, recordAudit } from '../../governance/audit/audit-metrics.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { aManagedSecret, NOW } from '../support/audit-builders.js';
import { anOperatorPolicy, aPolicy, type policyDocument } from '../support/builders.js';
import { documentOf, runCli } from './run-cli.js';

type Change = (document: ReturnType<typeof policyDocument>) => void;

const withoutGateway: Change = (document) => {
  document.gateway = { enabled: false };
};

/** The row of this service for this, without its service. */
function row(what: string, change: Change = () => {}): string {
  const { monthly, millionRequests } = outlookOf(aPolicy(change));
  const found = [...monthly, ...millionRequests].find((cost) => cost.what === what);
  return found ? `${centsText(found.cents)}: ${found.arithmetic}` : 'none';
}

describe('what a month costs', () => {
  test.each<[string, string, string, Change?]>([
    ['secrets', '3.20', '4 keys + 3 of the gateway + the admin key = 8 × 0.40'],
    ['secrets', '2.00', '4 keys + the admin key = 5 × 0.40', withoutGateway],
    ['alarms', '4.80', '38 alarms × 0.10; 2 composite alarms × 0.50'],
    ['alarms', '4.40', '34 alarms × 0.10; 2 composite alarms × 0.50', withoutGateway],
    [
      'reads by services',
      '1.75',
      '4 keys with readers × 10 service instances × 8,760 reads = 350,400 × 0.05 / 10,000',
      (document) => {
        document.rotation.readerCacheSeconds = 300;
      },
    ],
    [
      'reads by services',
      '0.00',
      '0 keys with readers × 10 service instances × 730 reads = 0 × 0.05 / 10,000',
      (document) => {
        for (const { keys } of document.workspaces) for (const key of keys) key.readers = [];
      },
    ],
    [
      'metrics of spend',
      '0.60',
      '1 budget × spend and percent = 2 × 0.30',
      (document) => {
        document.workspaces = [document.workspaces[0]];
        document.callers = [];
      },
    ],
    [
      'metrics of audits',
      '0.05',
      '5 of all + 3 workspaces + 18 types + 3 severities = 29 × 4.3 of 730 hours × 0.30',
      (document) => {
        document.audit.schedule = 'cron(0 4 ? * MON *)';
      },
    ],
    [
      'audit reports',
      '0.02',
      '730 × 5 files × 0.005 / 1,000; in the end 0.3 GB × 0.023',
      (document) => {
        document.audit.schedule = 'rate(1 hour)';
      },
    ],
  ])('%s: %s USD', (what, usd, arithmetic, change) => {
    expect(row(what, change)).toBe(`${usd}: ${arithmetic}`);
  });

  test('of three hundred keys is for their secrets most of all', () => {
    const { monthly, resources } = outlookOf(
      aPolicy((document) => {
        document.workspaces[0].keys = Array.from({ length: 164 }, (_, i) => ({ name: `k-${i}` }));
        document.workspaces[1].keys = Array.from({ length: 133 }, (_, i) => ({ name: `k-${i}` }));
        document.workspaces[2].keys = [];
      }),
    );
    expect(resources['AWS::SecretsManager::Secret']).toBe(300);
    expect(monthly[0]).toMatchObject({
      cents: 12_040,
      arithmetic: '297 keys + 3 of the gateway + the admin key = 301 × 0.40',
    });
    expect(sumOf(monthly)).toBe(13_438);
  });

  test('has its arithmetic in full on a narrow terminal, below each cost', () => {
    const outlook = outlookOf(aPolicy());
    const lines = outlookText(outlook, { ...PLAIN, columns: 60 }).split('\n');
    for (const { arithmetic } of [...outlook.monthly, ...outlook.millionRequests]) {
      expect(lines).toEqual(
        expect.arrayContaining(arithmetic.split('; ').map((term) => `  ${term}`)),
      );
    }
    expect(lines[lines.findIndex((line) => / alarms +4\.80$/.test(line)) + 1]).toBe(
      '  38 alarms × 0.10',
    );
  });

  test('in operator mode there is no admin key', () => {
    const { monthly } = outlookOf(anOperatorPolicy());
    expect(monthly[0]).toMatchObject({ cents: 160, arithmetic: '4 keys × 0.40' });
  });

  test.each([
    ['with the Admin API', aPolicy(), 41],
    ['in operator mode', anOperatorPolicy(), undefined],
  ])('counts the metrics that an audit writes %s', (_mode, policy, keysListed) => {
    const written: string[] = [];
    const facts = {
      keysListed,
      secrets: plannedKeys(policy).map((planned) => ({
        planned,
        state: aManagedSecret(planned.secretName),
        pendingSince: undefined,
      })),
      retirements: [],
    };
    recordAudit(
      {
        write: (_dimension, value, metrics) => {
          for (const [name, amount] of Object.entries(metrics)) {
            if (amount !== undefined) written.push(`${value} ${name}`);
          }
        },
      },
      auditGauges(facts, [], NOW),
    );
    const { monthly } = outlookOf(policy);
    const { arithmetic } = monthly.find(({ what }) => what.startsWith('metrics of audits')) ?? {};
    expect(arithmetic).toContain(` severities = ${new Set(written).size} × `);
  });
});

describe('what a million requests add', () => {
  test.each<[string, string, Change?]>([
    ['2.50', "4 counters (requests, day, month and the caller's tokens)"],
    [
      '3.13',
      "5 counters (requests, hour, day, month and the caller's tokens)",
      (document) => {
        document.roles.admin.dailyTokens = 1;
      },
    ],
    [
      '0.63',
      '1 counter (requests)',
      (document) => {
        for (const workspace of document.workspaces) workspace.budgets = {};
        for (const role of Object.values<{ dailyTokens: unknown }>(document.roles))
          role.dailyTokens = 'unlimited';
      },
    ],
  ])('%s USD of writes: %s', (usd, counters, change) => {
    expect(row('quota counters', change)).toBe(
      `${usd}: ${counters} × 1,000,000 writes × 0.625 / 1,000,000; twice that where requests are a minute apart`,
    );
  });

  test.each<[string, Change]>([
    ['without a gateway', withoutGateway],
    [
      'without callers',
      (document) => {
        document.callers = [];
      },
    ],
  ])('nothing %s', async (_name, change) => {
    expect(outlookOf(aPolicy(change)).millionRequests).toEqual([]);
  });
});

describe('policy check', () => {
  test('ends with what the policy creates, what it costs, and what the prices are of', async () => {
    const { stdout } = await runCli(['policy', 'check']);
    const [, outlook = ''] = stdout.split('\nwill create ');
    expect(outlook).toMatch(/^144 resources in 4 CloudFormation stacks\n/);
    expect(outlook).toMatch(/^CloudWatch +38 Alarm, 2 CompositeAlarm, 1 Dashboard$/m);
    expect(outlook).toMatch(/^will cost about 16\.33 USD a month at AWS$/m);
    expect(outlook).toMatch(/^CloudWatch +dashboard +3\.00 {2}1 × 3\.00$/m);
    expect(outlook).toMatch(/^a million requests through the gateway will add 19\.13 USD$/m);
    expect(outlook).toMatch(
      /AWS's list prices of us-east-1 on 2026-11-24; other regions have others, .*\n$/,
    );
  });

  test('prints what its page shows', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
    const [shown = ''] = page.match(/will create [\s\S]*?```/) ?? [];
    const lines = (text: string) => text.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    const { stdout } = await runCli(['policy', 'check']);
    const expected = lines(shown).filter((line) => !/^(…|```)?$/.test(line));
    expect(expected.length).toBeGreaterThan(5);
    expect(lines(stdout)).toEqual(expect.arrayContaining(expected));
  });

  test('counts what empties the bucket of the environment that may be deleted', async () => {
    const { stdout } = await runCli(['policy', 'check', '--environment', 'dev']);
    expect(stdout).toMatch(/^will create 148 resources in 4 CloudFormation stacks$/m);
  });

  test('has the same with --json', async () => {
    const { creates, costs } = documentOf(await runCli(['policy', 'check', '--json']));
    expect(creates).toContainEqual({ type: 'AWS::SecretsManager::Secret', count: 7 });
    const { monthly, millionRequests, ...sums } = costs;
    expect(sums).toEqual({
      currency: 'USD',
      region: AWS_PRICES_OF.region,
      pricesOf: AWS_PRICES_OF.day,
      monthlyNanos: 16_330_000_000,
      millionRequestsNanos: 19_130_000_000,
    });
    const nanos = (rows: readonly { readonly nanos: number }[]) =>
      rows.reduce((sum, one) => sum + one.nanos, 0);
    expect(nanos(monthly)).toBe(sums.monthlyNanos);
    expect(nanos(millionRequests)).toBe(sums.millionRequestsNanos);
    expect(monthly).toContainEqual(
      expect.objectContaining({ what: 'encryption key', nanos: 1e9, laterNanos: 3e9 }),
    );
  });
});

test('every price is above zero, for a whole number of what it is for', () => {
  for (const [name, price] of Object.entries(AWS_PRICES)) {
    const { usd, per = 1 }: { usd: number; per?: number } = price;
    expect({ name, holds: usd > 0 && Number.isInteger(per) && per > 0 }).toEqual({
      name,
      holds: true,
    });
  }
});
