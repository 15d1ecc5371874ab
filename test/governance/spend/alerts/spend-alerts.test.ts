import { describe, expect, test } from 'vitest';
import { gatewayUnauthorized } from '../../../../gateway/gateway-alerts.js';
import type { Alert } from '../../../../governance/alerts/alert.js';
import { renderAlert } from '../../../../governance/alerts/render-alert.js';
import {
  type BudgetContext,
  budgetExhausted,
  requestRefused,
  spendForecast,
  spendThreshold,
} from '../../../../governance/spend/alerts/budget-alerts.js';
import {
  reconciliationDrift,
  spendRowsUnreadable,
  spendUnpriced,
  spendUnreadable,
} from '../../../../governance/spend/alerts/reconciliation-alerts.js';
import { HERE } from '../../../support/alert-place.js';

const at = new Date('2026-11-24T10:15:00Z');

function aContext(change: Partial<BudgetContext> = {}): BudgetContext {
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
    byModel: [
      { model: 'mistral-large-2512', nanos: 380e9 },
      { model: 'mistral-embed-2312', nanos: 0.0123e9 },
    ],
    quotaTableName: 'quotas',
    at,
    ...change,
  };
}

const hour = {
  window: 'hour',
  windowName: '2026-11-24T10',
  resetsAt: new Date('2026-11-24T11:00:00Z'),
} as const;
const endedDay = {
  window: 'day',
  windowName: '2026-11-30',
  resetsAt: new Date('2026-12-01T00:00:00Z'),
  at: new Date('2026-12-01T00:10:00Z'),
} as const;
const runsOutAt = new Date('2026-11-27T08:30:00Z');

function email(alert: Alert): string {
  const { message } = renderAlert(alert, HERE);
  return JSON.parse(message).email;
}

test('a threshold says what is blocked now, what comes next and when, and who spends', () => {
  expect(email(spendThreshold(aContext(), 80))).toBe(
    `WARNING: ml-workspace has spent 82 % (412.50 of 500.00 USD) of its monthly budget
2026-11-24 10:15 UTC
Account 111122223333, region eu-west-1, stack MistralGovernance.

ml-workspace has passed the 80 % threshold of its monthly budget. No request
is blocked yet. Once the budget is exhausted, the gateway and the client
library refuse requests until it resets on 2026-12-01 00:00 UTC (in 7 days).

What to do

1. List the callers that used the most tokens on 2026-11-24:

   aws dynamodb scan --region eu-west-1 --table-name quotas --filter-expression 'begins_with(pk, :callers) AND sk = :day' --expression-attribute-values '{":callers":{"S":"quota#caller#"},":day":{"S":"tokens#2026-11-24"}}' --query 'Items[].[settled.N,pk.S]' --output text | sort -rn | head

2. Show how the spend of the month grew over the last day:

   aws cloudwatch get-metric-statistics --region eu-west-1 --namespace MistralGovernance --metric-name MonthSpend --dimensions Name=workspace,Value=ml-workspace --start-time 2026-11-23T10:15:00Z --end-time 2026-11-24T10:15:00Z --period 3600 --statistics Maximum --query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,Maximum]' --output text

3. If the spend is intended, raise workspaces[ml-workspace].budgets.monthlyUsd
   in governance.yaml and deploy:

   AWS_REGION=eu-west-1 npx cdk deploy --all

Details

  budget                     ml-workspace, monthly (2026-11)
  spent                      82 % (412.50 of 500.00 USD)
  remaining                  87.50 USD
  resets at                  2026-12-01 00:00 UTC
  metered                    398.20 USD
  reported by Mistral        412.50 USD
  most expensive in 2026-11  mistral-large-2512 380.00 USD, mistral-embed-2312 0.0123 USD
  threshold                  80 %

Runbook: https://example.com/runbook.md#spend-threshold`,
  );
});

test('programs get the exact values behind the texts', () => {
  const { message } = renderAlert(spendThreshold(aContext(), 80), HERE);
  expect(JSON.parse(JSON.parse(message).default).data).toEqual({
    window: '2026-11',
    currency: 'USD',
    limitNanos: 500e9,
    spentNanos: 412.5e9,
    meteredNanos: 398.2e9,
    billedNanos: 412.5e9,
    resetsAt: '2026-12-01T00:00:00.000Z',
    thresholdPercent: 80,
  });
});

test.each([
  [50, 'info'],
  [79, 'info'],
  [80, 'warning'],
  [95, 'warning'],
] as const)('a threshold of %d%% is %s', (percent, severity) => {
  expect(spendThreshold(aContext(), percent).severity).toBe(severity);
});

test('where nothing is metered, no alert promises that requests are refused, or who calls', () => {
  const context = aContext({ meteredNanos: undefined });
  const alerts = [
    spendThreshold(context, 50),
    spendThreshold(context, 120),
    budgetExhausted(context),
    spendForecast(context, at),
  ];
  for (const alert of alerts) {
    expect(alert.description).toContain('Its requests are not metered');
    expect(alert.description).not.toMatch(/reject|402/);
    expect(alert.nextSteps.map(({ command }) => command?.split(' ')[1])).toEqual([
      'cloudwatch',
      'cdk',
    ]);
    expect(alert.facts.metered).toBe('unknown');
  }
});

test('an exhausted budget says in its title that requests are blocked and until when', () => {
  const alert = budgetExhausted(aContext({ ...hour, meteredNanos: 499.99e9, spentNanos: 500e9 }));
  expect(alert).toMatchObject({
    type: 'budget-exhausted',
    severity: 'critical',
    title: 'ml-workspace exhausted its hourly budget, requests blocked until 2026-11-24 11:00 UTC',
    description:
      'ml-workspace has spent 100 % (500.00 of 500.00 USD) of its hourly budget. Requests through the gateway or the client library that exceed the remaining budget get 402 budget_exhausted until 2026-11-24 11:00 UTC (in 45 minutes). Raising the budget unblocks them sooner. Direct calls to Mistral are not blocked.',
    facts: { requests: 'blocked' },
  });
  expect(alert.nextSteps.at(-1)?.say).toContain('budgets.hourlyUsd');
});

test('a budget spent outside the gateway says that requests are not blocked', () => {
  const alert = budgetExhausted(aContext({ spentNanos: 510e9, billedNanos: 510e9 }));
  expect(alert.title).toBe('ml-workspace exhausted its monthly budget, requests not blocked');
  expect(alert.facts.requests).toBe('not blocked');
  expect(alert.description).toContain(
    'Only 398.20 USD of it passed the gateway or the client library, so requests there are not blocked. The rest was spent outside the gateway, where no budget applies.',
  );
});

describe('a window that has ended', () => {
  test('is reported as ended, with the minute, its own month and the callers of its last day', () => {
    const { title, description, facts, nextSteps } = spendThreshold(aContext(endedDay), 80);
    expect(title).toBe(
      'ml-workspace ended the day 2026-11-30 at 82 % (412.50 of 500.00 USD) of its daily budget',
    );
    expect(description).toBe(
      'The day ended on 2026-12-01 00:00 UTC (10 minutes ago). Mistral may report more of its usage until 2026-12-03 00:00 UTC, which is checked. The budget lasted, so no request was blocked. The next day has its own budget.',
    );
    expect(facts).toMatchObject({ 'ended at': '2026-12-01 00:00 UTC' });
    expect(Object.keys(facts)).toContain('most expensive in 2026-11');
    expect(facts).not.toHaveProperty('resets at');
    expect(nextSteps[0]?.say).toBe('List the callers that used the most tokens on 2026-11-30');
    expect(nextSteps[0]?.command).toContain('tokens#2026-11-30');
  });

  test.each([
    ['rejected requests', 499.99e9, 'blocked', 'They accept requests again.'],
    ['was spent outside the gateway', 398.2e9, 'not blocked', 'Only 398.20 USD of it passed'],
    ['was not metered', undefined, 'not blocked', 'Its requests are not metered'],
  ])('and %s wakes no one up', (_what, meteredNanos, requests, words) => {
    const alert = budgetExhausted(aContext({ ...endedDay, meteredNanos, spentNanos: 510e9 }));
    expect(alert).toMatchObject({
      severity: 'warning',
      title: 'ml-workspace exhausted its daily budget before the day 2026-11-30 ended',
      facts: { requests },
    });
    expect(alert.description).toContain(words);
    expect(alert.description).toContain('The next day has its own budget.');
  });
});

test('nothing remains of a budget that was overrun, and euros are euros', () => {
  const alert = budgetExhausted(aContext({ spentNanos: 501e9, currency: 'EUR' }));
  expect(alert.facts).toMatchObject({
    spent: '100 % (501.00 of 500.00 EUR)',
    remaining: '0.00 EUR',
  });
  expect(alert.nextSteps.at(-1)?.say).toContain('budgets.monthlyEur');
});

test('a forecast names the day on which a month runs out, the minute for less', () => {
  expect(spendForecast(aContext(), runsOutAt)).toMatchObject({
    type: 'spend-forecast',
    severity: 'warning',
    title: 'ml-workspace runs out of its monthly budget on 2026-11-27 at the current rate',
    description:
      'ml-workspace has spent 82 % (412.50 of 500.00 USD) of its monthly budget; no request is blocked yet. At the current rate the budget runs out on 2026-11-27 08:30 UTC (in 70 hours), before it resets on 2026-12-01 00:00 UTC (in 7 days). From then on the gateway and the client library refuse its requests. This alert repeats daily while the forecast holds.',
    facts: { 'runs out at': '2026-11-27 08:30 UTC' },
    data: { runsOutAt: '2026-11-27T08:30:00.000Z' },
  });
  expect(spendForecast(aContext({ window: 'day' }), runsOutAt).title).toBe(
    'ml-workspace runs out of its daily budget on 2026-11-27 08:30 UTC at the current rate',
  );
});

const drift = { workspace: 'dev-workspace', period: '2026-11-23', currency: 'USD', at } as const;
const outside = { ...drift, billedNanos: 12e9, meteredNanos: 9e9 };
const tooDear = { ...drift, billedNanos: 9e9, meteredNanos: 12e9 };

describe('a reconciliation', () => {
  test('that finds more billed than metered leads to the services that read keys', () => {
    const alert = reconciliationDrift(outside);
    expect(alert).toMatchObject({
      type: 'reconciliation-drift',
      title: 'dev-workspace has spend outside the gateway (3.00 USD, 2026-11-23)',
      facts: { difference: '3.00 USD, 25 %', 'reported by Mistral': '12.00 USD' },
      data: { currency: 'USD', meteredNanos: 9e9, billedNanos: 12e9 },
    });
    expect(alert.nextSteps[0]?.command).toContain('--start-time 2026-11-22');
  });

  test('that finds less billed than metered leads to the prices', () => {
    const alert = reconciliationDrift(tooDear);
    expect(alert.title).toBe(
      'Mistral bills dev-workspace less than was metered (3.00 USD, 2026-11-23)',
    );
    expect(alert.nextSteps).toHaveLength(1);
  });
});

const usage = Array.from({ length: 23 }, (_, index) => ({
  category: 'ocr',
  billingMetric: index === 0 ? '' : 'mistral-ocr-9',
  billingGroup: 'pages',
  value: 7,
}));
const ofNovember = { workspace: 'ml-workspace', month: '2026-11', at };

const nova = { category: 'completion', billingMetric: 'nova', billingGroup: 'input' };

test('usage without a price is listed, up to a readable length', () => {
  const { title, facts } = spendUnpriced({ ...ofNovember, usage });
  expect(title).toBe("Usage of ml-workspace in 2026-11 has no price in Mistral's report");
  expect(facts['no price 1']).toBe('ocr, no metric, pages: 7');
  expect(facts['no price 2']).toBe('ocr, mistral-ocr-9, pages: 7');
  expect(facts['not listed']).toBe('3 more');
});

test.each([
  [[7, 8], 'The actual spend is higher than alerts and metrics say.'],
  [[-7, -8], 'The actual spend is lower than alerts and metrics say.'],
  [[7, -8], 'The actual spend is different from what alerts and metrics say, since refunds'],
])('usage of %j without a price makes a difference in its direction', (values, said) => {
  const unpriced = values.map((value) => ({ ...usage[1], ...nova, value }));
  expect(spendUnpriced({ ...ofNovember, usage: unpriced }).description).toContain(said);
});

test('usage that cannot be read is named with what was given, and no direction is claimed', () => {
  const rows = [undefined, 'x'.repeat(99)].map((given) => ({ ...nova, given }));
  const { title, description, facts } = spendRowsUnreadable({ ...ofNovember, usage: rows });
  expect(title).toBe("Usage of ml-workspace in 2026-11 cannot be read from Mistral's report");
  expect(description).not.toMatch(/higher|lower|more|less|no price/);
  expect(facts).toMatchObject({
    'unreadable 1': 'completion, nova, input: no amount',
    'unreadable 2': `completion, nova, input: "${'x'.repeat(36)}...`,
  });
});

const unreadable = {
  reasons: new Map([['dev-workspace', 'GET /v1/admin/usage failed']]),
  since: new Date('2026-11-24T09:00:00Z'),
  functionName: 'spend-monitor',
  at,
};
const severalReasons = new Map([...unreadable.reasons, ['ml-workspace', 'not found']]);

describe('a report that cannot be read', () => {
  test('of one workspace is an alert of that one, with the reason and since when', () => {
    const alert = spendUnreadable(unreadable);
    expect(alert).toMatchObject({
      workspace: 'dev-workspace',
      facts: { 'dev-workspace': 'GET /v1/admin/usage failed' },
    });
    expect(alert.description).toContain('since 2026-11-24 09:00 UTC (75 minutes ago)');
  });

  test('of several is one alert for the organization', () => {
    expect(spendUnreadable({ ...unreadable, reasons: severalReasons })).toMatchObject({
      workspace: 'organization',
      title: "Mistral's usage report cannot be read for 2 workspaces",
    });
  });
});

describe('every alert about spend can be read at night:', () => {
  const contexts = [
    aContext({ workspace: 'prod-workspace', limitNanos: 2000e9, spentNanos: 1999.99e9 }),
    aContext({ meteredNanos: 499.9e9 }),
    aContext({ meteredNanos: undefined }),
    aContext(hour),
    aContext(endedDay),
    aContext({ ...endedDay, meteredNanos: 499.9e9 }),
    aContext({ ...endedDay, meteredNanos: undefined }),
  ];
  const alerts = [
    ...contexts.flatMap((context) => [
      spendThreshold(context, 80),
      spendThreshold(context, 120),
      budgetExhausted(context),
      requestRefused({ ...context, refusedNanos: 30e9 }),
      spendForecast(context, runsOutAt),
    ]),
    reconciliationDrift(outside),
    reconciliationDrift({ ...tooDear, period: '2026-11 until 2026-11-23' }),
    spendUnpriced({ ...ofNovember, usage }),
    spendUnreadable(unreadable),
    spendUnreadable({ ...unreadable, reasons: severalReasons }),
  ];

  test('the subject is whole, and in ASCII', () => {
    const subjects = alerts.map((alert) => [alert.title, renderAlert(alert, HERE).subject]);
    for (const [title, subject] of subjects) expect(subject?.endsWith(title ?? '')).toBe(true);
  });

  test('a sentence has 25 words at the most', () => {
    const sentences = alerts.flatMap(({ description }) => description.split(/(?<=\.) (?=[A-Z])/));
    expect(sentences.filter((sentence) => sentence.split(' ').length > 25)).toEqual([]);
  });

  test('a step has no full stop, and its command is one line', () => {
    const steps = alerts.flatMap(({ nextSteps }) => nextSteps);
    expect(steps.filter(({ say, command }) => /\.$/.test(say) || /\n/.test(command ?? ''))).toEqual(
      [],
    );
  });
});

test('the alert about a rejected gateway key names its secret', () => {
  const alert = gatewayUnauthorized('prod-workspace', 'admin-api', at);
  expect(alert).toMatchObject({
    type: 'gateway-unauthorized',
    severity: 'critical',
    facts: { secret: 'mistral/prod-workspace/gateway' },
  });
  expect(alert.nextSteps.at(-1)?.command).toBe(
    'aws secretsmanager rotate-secret --secret-id mistral/prod-workspace/gateway',
  );
});
