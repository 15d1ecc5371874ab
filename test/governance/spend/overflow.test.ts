import { describe, expect, test } from 'vitest';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import type { Policy } from '../../../governance/policy/policy.js';
import { lentBy } from '../../../governance/quotas/workspace-quotas.js';
import { judgeSpend } from '../../../governance/spend/judge-spend.js';
import { budgetRow } from '../../../governance/spend/spend-row.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';
import type { WorkspaceSpend } from '../../../governance/spend/workspace-spend.js';
import { HERE, HERE_TEXT } from '../../support/alert-place.js';
import { aPolicy } from '../../support/builders.js';
import { aBill, aSpend, USD } from '../../support/spend-builders.js';

const NOW = new Date('2026-11-24T12:00:00Z');
const RULES = { thresholds: [50, 80, 95, 100], quotaTableName: 'quotas' };

/** ml-workspace, which lends 25 USD a day, with so many lent today. */
function lending(dollars: number, policy: Policy = aPolicy()): WorkspaceSpend {
  const spend = aSpend('ml-workspace', {}, {}, policy);
  const quota = lentBy(policy, spend.workspace);
  const lent = { quota, windowName: '2026-11-24', settled: dollars * USD };
  return { ...spend, lent: { ...lent, borrowers: ['prod-workspace'] } };
}

function judge(spend: WorkspaceSpend, state: SpendState = NO_ALERTS, now = NOW) {
  const judged = judgeSpend(spend, state, RULES, now);
  return { ...judged, alerts: judged.pending.map(({ alert }) => alert) };
}

describe('what a workspace lends', () => {
  test.each<[number, string | undefined, string | undefined]>([
    [12, undefined, undefined],
    [12.5, 'ml-workspace has lent 50 % (12.50 of 25.00 USD) of what it lends a day', 'info'],
    [23.9, 'ml-workspace has lent 95 % (23.90 of 25.00 USD) of what it lends a day', 'warning'],
    // 99 % can be lent for certain: what is left is too little for some request.
    [
      24.76,
      'ml-workspace has lent all of its daily 25.00 USD: overflow to it is refused',
      'warning',
    ],
    [25, 'ml-workspace has lent all of its daily 25.00 USD: overflow to it is refused', 'warning'],
  ])('at %d USD on-call reads "%s"', (dollars, title, severity) => {
    const [alert] = judge(lending(dollars)).alerts;
    expect([alert?.title, alert?.severity]).toEqual([title, severity]);
  });

  test('is reported once for each threshold of a day, and again the next day', () => {
    let state: SpendState = NO_ALERTS;
    const titles: string[] = [];
    for (const dollars of [13, 14, 21, 24.9, 25]) {
      const { pending, alerts, state: judged } = judge(lending(dollars), state);
      titles.push(...alerts.map(({ title }) => title.replace(/ \(.*/, '')));
      state = markSent(judged, pending, NOW);
    }
    expect(titles).toEqual([
      'ml-workspace has lent 52 %',
      'ml-workspace has lent 84 %',
      'ml-workspace has lent all of its daily 25.00 USD: overflow to it is refused',
    ]);
    const tomorrow = new Date('2026-11-25T12:00:00Z');
    expect(judge(lending(13), state, tomorrow).alerts).toHaveLength(1);
  });

  test('without a bound is not reported: the budgets of both are', () => {
    const policy = aPolicy((document) => {
      document.workspaces[1].lends = {};
    });
    expect(judge(lending(1000, policy)).alerts).toEqual([]);
  });

  test('in euro names the field in euro', () => {
    const policy = aPolicy((document) => {
      document.mistral.currency = 'EUR';
      for (const workspace of document.workspaces) {
        Object.assign(workspace, { budgets: { monthlyEur: 50 }, lends: { dailyEur: 25 } });
      }
    });
    const [alert] = judge(lending(20, policy)).alerts;
    expect(alert?.facts).toMatchObject({
      lends: '25.00 EUR a day',
      lent: '80 % (20.00 of 25.00 EUR)',
    });
    expect(JSON.stringify(alert?.nextSteps)).toContain('lends.dailyEur');
  });

  test('says what happened, whose bill it is, what is refused until when, and what to do', () => {
    const [alert] = judge(lending(25)).alerts;
    if (!alert) throw new Error('no alert');
    const { email } = JSON.parse(renderAlert(alert, HERE).message);
    expect(email).toBe(
      `WARNING: ml-workspace has lent all of its daily 25.00 USD: overflow to it is refused
2026-11-24 12:00 UTC
${HERE_TEXT}

Other workspaces have spent 100 % (25.00 of 25.00 USD) of what ml-workspace
lends for 2026-11-24. Mistral limits the rate of prod-workspace (429), so the
gateway sends some of its requests with the key of ml-workspace. Mistral bills
these to ml-workspace; they count in the budgets of both. The gateway sends no
more of them there until 2026-11-25 00:00 UTC (in 12 hours). Their callers get
429 rate_limited, unless another workspace of overflowTo has room. Requests of
ml-workspace itself are not affected.

What to do

1. Show what prod-workspace spent with the key of ml-workspace in each hour of
   the last day:

   aws cloudwatch get-metric-statistics --region eu-west-1 --namespace MistralGovernance --metric-name OverflowSpend --dimensions 'Name=overflow,Value=prod-workspace to ml-workspace' --start-time 2026-11-23T12:00:00Z --end-time 2026-11-24T12:00:00Z --period 3600 --statistics Sum --query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,Sum]' --output text

2. If this recurs, raise the rate limits of prod-workspace in the Mistral
   console, under Limits, or slow its callers down.

3. If the spend is intended, raise workspaces[ml-workspace].lends.dailyUsd in
   governance.yaml and deploy:

   AWS_REGION=eu-west-1 npx cdk deploy --all

Details

  lends       25.00 USD a day
  lent        100 % (25.00 of 25.00 USD)
  may borrow  prod-workspace
  resets at   2026-11-25 00:00 UTC
  overflow    refused

Runbook: https://example.com/runbook.md#overflow-lent`,
    );
  });
});

describe('a workspace that borrows', () => {
  const borrowing = (change: Partial<WorkspaceSpend>) => {
    const spend = aSpend('ml-workspace', {}, change);
    const budgets = spend.budgets.map((one) => ({ ...one, settled: 30 * USD, borrowed: 10 * USD }));
    return { ...spend, budgets };
  };

  test('has spent what Mistral bills it, and what others are billed for it', () => {
    const spend = borrowing({
      billed: aBill({ totalNanos: 28 * USD, nanosByDay: new Map([['2026-11-24', 28 * USD]]) }),
    });
    const { statuses, alerts } = judge(spend);
    expect(statuses.map(({ spentNanos }) => spentNanos)).toEqual([38 * USD, 38 * USD]);
    expect(statuses.map((status) => budgetRow(spend, status).borrowedNanos)).toEqual([
      10 * USD,
      10 * USD,
    ]);
    expect(alerts[0]?.facts).toMatchObject({
      spent: '76 % (38.00 of 50.00 USD)',
      'reported by Mistral': '28.00 USD',
      'of it with keys of other workspaces': '10.00 USD',
    });
  });

  test('with a monthly budget alone is compared without what it borrowed until then', () => {
    const dev = aSpend('dev-workspace');
    const month = dev.budgets.map((one) => ({ ...one, settled: 9 * USD, borrowed: 4 * USD }));
    const opened = judge({ ...dev, budgets: month }, NO_ALERTS, new Date('2026-11-24T00:10:00Z'));
    expect(opened.state.opening).toEqual({
      day: '2026-11-24',
      meteredNanos: 9 * USD,
      borrowedNanos: 4 * USD,
    });
    const drifts = (billed: number) => {
      const report = aBill({ nanosByDay: new Map([['2026-11-20', billed * USD]]) });
      const dayBefore = { meteredNanos: undefined, monthMeteredNanos: undefined, billed: report };
      const { alerts } = judge({ ...dev, budgets: month, dayBefore }, opened.state);
      return alerts.filter(({ type }) => type === 'reconciliation-drift').length;
    };
    expect([drifts(5), drifts(9)]).toEqual([0, 1]);
  });
});
