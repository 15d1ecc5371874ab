import { countText, listText, numberText } from '../../governance/platform/wording.js';
import type { Policy } from '../../governance/policy/policy.js';
import { AWS_PRICES } from './aws-prices.js';
import { type Cost, cost } from './costs.js';

const MILLION = 1_000_000;
const REQUEST = {
  seconds: 2,
  gigabytes: 0.5,
  tracedShare: 0.05,
  logKilobytes: 1.2,
  outKilobytes: 5,
};
const OUTCOMES = 4;

/** What a month's first million requests through the gateway add; none for a policy without callers there. */
export function requestCosts(policy: Policy): readonly Cost[] {
  const counters = countersOfRequest(policy);
  if (counters.length === 0) return [];
  const work = MILLION * REQUEST.seconds * REQUEST.gigabytes;
  const ways = policy.workspaces.flatMap(({ overflowTo }) => overflowTo).length;
  const traces = MILLION * REQUEST.tracedShare;
  const metrics = OUTCOMES + 1 + ways;
  const overflows = ways === 0 ? '' : `, ${countText(ways, 'way', 'ways')} of overflow`;
  return [
    cost('Lambda', 'time', [
      [
        work,
        AWS_PRICES.lambdaGigabyteSeconds,
        `${numberText(MILLION)} × ${REQUEST.seconds} s × ${REQUEST.gigabytes} GB = ${numberText(work)} GB-s`,
      ],
    ]),
    cost('Lambda', 'requests', [[MILLION, AWS_PRICES.lambdaRequests]]),
    cost(
      'DynamoDB',
      'quota counters',
      [
        [
          MILLION * counters.length,
          AWS_PRICES.tableWrites,
          `${countText(counters.length, 'counter')} (${listText(counters)}) × ${numberText(MILLION)} writes`,
        ],
      ],
      { note: 'twice that where requests are a minute apart' },
    ),
    cost('X-Ray, CloudWatch, data out', 'traces, logs, answers', [
      [traces, AWS_PRICES.traces, `${numberText(traces)} traces`],
      [REQUEST.logKilobytes, AWS_PRICES.logGigabytes, `${REQUEST.logKilobytes} GB of logs`],
      [REQUEST.outKilobytes, AWS_PRICES.gigabytesOut, `${REQUEST.outKilobytes} GB out`],
    ]),
    cost('CloudWatch', 'metrics of requests, once', [
      [
        metrics,
        AWS_PRICES.metricMonth,
        `for example ${OUTCOMES} outcomes, Mistral's 429${overflows}`,
      ],
    ]),
  ];
}

/** The most counters that a caller's requests have: of its workspace, and its own. */
function countersOfRequest({ gateway, callers, workspaces, roles }: Policy): readonly string[] {
  if (!gateway.enabled) return [];
  const each = callers.map((caller) => {
    const home = workspaces.find(({ name }) => name === caller.workspace);
    const windows = Object.keys(home?.budgets ?? {}).map((field) => WINDOWS[field.slice(0, -3)]);
    const isCounted = roles[caller.role]?.dailyTokens !== 'unlimited';
    return ['requests', ...windows.map(String), ...(isCounted ? ["the caller's tokens"] : [])];
  });
  return each.reduce((most, one) => (one.length > most.length ? one : most), []);
}

const WINDOWS: Readonly<Record<string, string>> = {
  hourly: 'hour',
  daily: 'day',
  monthly: 'month',
};
