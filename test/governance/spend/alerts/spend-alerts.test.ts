import { describe, expect, test } from 'vitest';
import { gatewayUnauthorized } from '../../../../gateway/gateway-unauthorized.js';
import type { Alert } from '../../../../governance/alerts/alert.js';
import { renderAlert } from '../../../../governance/alerts/render-alert.js';
import {
  spendUnpriced,
  spendUnreadable,
} from '../../../../governance/spend/alerts/billed-unclear.js';
import { budgetExhausted } from '../../../../governance/spend/alerts/budget-exhausted.js';
import { reconciliationDrift } from '../../../../governance/spend/alerts/reconciliation-drift.js';
import { spendForecast } from '../../../../governance/spend/alerts/spend-forecast.js';
import type { BudgetStory } from '../../../../governance/spend/alerts/spend-story.js';
import { spendThreshold } from '../../../../governance/spend/alerts/spend-threshold.js';

const at = new Date('2026-11-24T10:15:00Z');

function aStory(change: Partial<BudgetStory> = {}): BudgetStory {
  return {
    workspace: 'ml-workspace',
    window: 'month',
    windowName: '2026-11',
    resetsAt: new Date('2026-12-01T00:00:00Z'),
    currency: 'USD',
    limitNanos: 500e9,
    spentNanos: 412.5e9,
    meteredNanos: 398.2e9,
    billedNanos: 412.5e9,
    dearestModels: [
      { model: 'mistral-large-2512', nanos: 380e9 },
      { model: 'mistral-embed-2312', nanos: 0.0123e9 },
    ],
    quotaTableName: 'quotas',
    at,
    ...change,
  };
}

function email(alert: Alert): string {
  const { message } = renderAlert(alert, 'https://example.com/runbook.md');
  return JSON.parse(message).email;
}

test('a threshold is told with budget, rest, reset, what comes next and who spends', () => {
  expect(email(spendThreshold({ ...aStory(), percent: 80 }))).toBe(
    `ml-workspace has spent 80% of its monthly budget
2026-11-24 10:15 UTC, warning

ml-workspace has spent 412.50 USD of 500.00 USD; the monthly budget starts anew at 2026-12-01 00:00 UTC. Requests still pass; when the budget is used up, gateway and client library refuse them until then.

  budget               ml-workspace, monthly (2026-11)
  spent                412.50 USD, 82%
  limit                500.00 USD
  left of it           87.50 USD
  resets at            2026-12-01 00:00 UTC
  metered              398.20 USD
  reported by Mistral  412.50 USD
  dearest this month   mistral-large-2512 380.00 USD, mistral-embed-2312 0.0123 USD
  threshold            80%

What to do:

1. See which callers used how many tokens today:

aws dynamodb scan --table-name quotas --filter-expression 'begins_with(pk, :callers) AND sk = :today' --expression-attribute-values '{":callers":{"S":"quota#caller#"},":today":{"S":"tokens#2026-11-24"}}' --query 'Items[].[settled.N,pk.S]' --output text | sort -rn | head

2. See how the spend grew over the last day:

aws cloudwatch get-metric-statistics --namespace MistralGovernance --metric-name MonthSpend --dimensions Name=workspace,Value=ml-workspace --start-time 2026-11-23T10:15:00Z --end-time 2026-11-24T10:15:00Z --period 3600 --statistics Maximum --query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,Maximum]' --output text

3. If the spend is meant, raise the budget:

npx cdk deploy --all # once workspaces[ml-workspace].budgets.monthlyUsd in governance.yaml is right

Runbook: https://example.com/runbook.md#spend-threshold`,
  );
});

test.each([
  [50, 'info'],
  [79, 'info'],
  [80, 'warning'],
  [95, 'warning'],
] as const)('a threshold of %d%% is %s', (percent, severity) => {
  expect(spendThreshold({ ...aStory(), percent }).severity).toBe(severity);
});

test('where nothing is metered, nobody is promised that requests are refused, or who calls', () => {
  const story = aStory({ meteredNanos: undefined });
  const told = [
    spendThreshold({ ...story, percent: 50 }),
    spendThreshold({ ...story, percent: 120 }),
    budgetExhausted(story),
    spendForecast({ ...story, endsAt: at }),
  ];
  for (const alert of told) {
    expect(alert.description).toMatch(/nothing meters/i);
    expect(alert.description).not.toMatch(/refused?/);
    expect(alert.nextSteps.map(({ command }) => command?.split(' ')[1])).toEqual([
      'cloudwatch',
      'cdk',
    ]);
    expect(alert.facts.metered).toBe('not known');
  }
});

test('a used-up budget says that requests are refused and until when', () => {
  const alert = budgetExhausted(
    aStory({
      window: 'hour',
      windowName: '2026-11-24T10',
      meteredNanos: 499.99e9,
      resetsAt: new Date('2026-11-24T11:00:00Z'),
    }),
  );
  expect(alert).toMatchObject({
    type: 'budget-exhausted',
    severity: 'critical',
    title: 'The hourly budget of ml-workspace is used up',
    facts: { 'requests now': 'refused' },
  });
  expect(alert.description).toContain('429 budget_exhausted until 2026-11-24 11:00 UTC');
  expect(alert.nextSteps.at(-1)?.command).toContain('budgets.hourlyUsd');
});

test('a budget spent past the gateway says that requests still pass there', () => {
  const alert = budgetExhausted(aStory({ spentNanos: 510e9, billedNanos: 510e9 }));
  expect(alert.facts['requests now']).toBe('not stopped');
  expect(alert.description).toContain('Only 398.20 USD of it passed the gateway');
});

describe('a window that has ended', () => {
  const ended = {
    window: 'day',
    windowName: '2026-11-30',
    resetsAt: new Date('2026-12-01T00:00:00Z'),
    at: new Date('2026-12-01T00:10:00Z'),
  } as const;

  test('is told as ended, with the minute, its own month and the callers of its last day', () => {
    const { title, description, facts, nextSteps } = spendThreshold({
      ...aStory(ended),
      percent: 80,
    });
    expect(title).toBe('ml-workspace had spent 80% of its daily budget when the day ended');
    expect(description).toBe(
      'ml-workspace had spent 412.50 USD of 500.00 USD when the day ended at 2026-12-01 00:00 UTC. So the budget lasted; the day since then has one of its own.',
    );
    expect(facts).toMatchObject({ 'ended at': '2026-12-01 00:00 UTC' });
    expect(Object.keys(facts)).toContain('dearest in 2026-11');
    expect(facts).not.toHaveProperty('resets at');
    expect(nextSteps[0]?.say).toBe('See which callers used how many tokens on 2026-11-30');
    expect(nextSteps[0]?.command).toContain('tokens#2026-11-30');
  });

  test.each([
    ['refused requests', 499.99e9, 'refused', 'for this budget refuse nothing any more'],
    ['was spent past the gateway', 398.2e9, 'not stopped', 'Only 398.20 USD of it passed'],
    ['is metered by nothing', undefined, 'not stopped', 'Nothing meters its requests'],
  ])('and %s calls nobody at night', (_what, meteredNanos, requests, words) => {
    const alert = budgetExhausted(aStory({ ...ended, meteredNanos, spentNanos: 510e9 }));
    expect(alert).toMatchObject({
      severity: 'warning',
      title: 'The daily budget of ml-workspace was used up before the day ended',
      facts: { 'requests then': requests },
    });
    expect(alert.description).toContain(words);
    expect(alert.description).toContain('The day since then has a budget of its own.');
    expect(alert.facts).not.toHaveProperty('requests now');
  });
});

test('nothing is left of a budget that was overrun, and euros are euros', () => {
  const alert = budgetExhausted(aStory({ spentNanos: 501e9, currency: 'EUR' }));
  expect(alert.facts).toMatchObject({ spent: '501.00 EUR, 100%', 'left of it': '0.00 EUR' });
  expect(alert.nextSteps.at(-1)?.command).toContain('budgets.monthlyEur');
});

test('a forecast names the day on which a month ends early, the minute for less', () => {
  const endsAt = new Date('2026-11-27T08:30:00Z');
  expect(spendForecast({ ...aStory(), endsAt })).toMatchObject({
    type: 'spend-forecast',
    severity: 'warning',
    title: "At today's rate the monthly budget of ml-workspace ends on 2026-11-27",
    facts: { 'ends at': '2026-11-27 08:30 UTC' },
  });
  expect(spendForecast({ ...aStory({ window: 'day' }), endsAt }).title).toMatch(
    /daily budget of ml-workspace ends on 2026-11-27 08:30 UTC$/,
  );
});

describe('a reconciliation', () => {
  const drift = { workspace: 'dev-workspace', period: '2026-11-23', currency: 'USD' } as const;

  test('that finds more billed than metered leads to whoever reads keys', () => {
    const alert = reconciliationDrift({
      ...drift,
      billedNanos: 12e9,
      meteredNanos: 9e9,
      at,
    });
    expect(alert).toMatchObject({
      type: 'reconciliation-drift',
      title: 'dev-workspace spends around the gateway',
      facts: { difference: '3.00 USD, 25%', 'reported by Mistral': '12.00 USD' },
    });
    expect(alert.nextSteps[0]?.command).toContain('--start-time 2026-11-22');
  });

  test('that finds less billed than metered leads to the prices', () => {
    const alert = reconciliationDrift({
      ...drift,
      billedNanos: 9e9,
      meteredNanos: 12e9,
      at,
    });
    expect(alert.title).toBe('Mistral bills dev-workspace less than was metered');
    expect(alert.nextSteps).toHaveLength(1);
  });
});

test('usage without a price is listed, as much as one can read', () => {
  const rows = Array.from({ length: 23 }, (_, at) => ({
    category: 'ocr',
    billingMetric: at === 0 ? '' : 'mistral-ocr-9',
    billingGroup: 'pages',
    value: at === 0 ? undefined : 7,
  }));
  const { facts } = spendUnpriced({ workspace: 'ml-workspace', rows, at });
  expect(facts['without a price 1']).toBe('ocr, no metric, pages: unreadable amount');
  expect(facts['without a price 2']).toBe('ocr, mistral-ocr-9, pages: 7');
  expect(facts['further ones']).toBe('3');
});

describe('a report that cannot be read', () => {
  const unreadable = {
    reasons: new Map([['dev-workspace', 'GET /v1/admin/usage failed']]),
    since: new Date('2026-11-24T09:00:00Z'),
    functionName: 'spend-monitor',
    at,
  };

  test('of one workspace is told of that one, with the reason and since when', () => {
    const alert = spendUnreadable(unreadable);
    expect(alert).toMatchObject({
      workspace: 'dev-workspace',
      facts: { 'dev-workspace': 'GET /v1/admin/usage failed' },
    });
    expect(alert.description).toContain('Since 2026-11-24 09:00 UTC');
  });

  test('of several is one alert for the organization', () => {
    const reasons = new Map([...unreadable.reasons, ['ml-workspace', 'not found']]);
    const alert = spendUnreadable({ ...unreadable, reasons });
    expect(alert).toMatchObject({
      workspace: 'organization',
      title: "Mistral's usage report cannot be read for 2 workspaces",
    });
  });
});

test('a gateway whose key is refused leads to the secret of that key', () => {
  const alert = gatewayUnauthorized('prod-workspace', at);
  expect(alert).toMatchObject({
    type: 'gateway-unauthorized',
    severity: 'critical',
    facts: { secret: 'mistral/prod-workspace/gateway' },
  });
  expect(alert.nextSteps.at(-1)?.command).toBe(
    'aws secretsmanager rotate-secret --secret-id mistral/prod-workspace/gateway',
  );
});
