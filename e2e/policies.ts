import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const SHIPPED = join(import.meta.dirname, '..', 'governance.yaml');
const OPERATOR = join(import.meta.dirname, '..', 'examples', 'operator.yaml');

export interface Addresses {
  /** Of the fake Mistral. */
  readonly mistralUrl: string;
  readonly queueArn: string;
}

/** More than half of it goes with one long answer of codestral; once raised, next to nothing does. */
const TINY_BUDGET_USD = 0.002;
const RAISED_BUDGET_USD = 5;

/** The shipped policy, pointed at the fake Mistral, with a queue that hears the graver alerts alone. */
export function firstPolicy({ mistralUrl, queueArn }: Addresses) {
  const policy = parse(readFileSync(SHIPPED, 'utf8'));
  policy.mistral = {
    ...policy.mistral,
    apiUrl: mistralUrl,
    adminUrl: `${mistralUrl}/v1/admin`,
  };
  policy.alerts.subscriptions.push({
    protocol: 'sqs',
    endpoint: queueArn,
    filter: { type: [...HEARD] },
  });
  policy.workspaces[0].budgets = { dailyUsd: TINY_BUDGET_USD, monthlyUsd: 50 };
  return policy;
}

/** The types of alerts that the queue's subscription lets through. */
export const HEARD = ['audit-digest', 'spend-threshold', 'key-revoked', 'approval-needed'] as const;

/** A key more, a key less, a budget raised. */
export function changedPolicy(addresses: Addresses) {
  const policy = firstPolicy(addresses);
  const [dev, , prod] = policy.workspaces;
  dev.budgets.dailyUsd = RAISED_BUDGET_USD;
  dev.keys.push({ name: 'dev-ci-key', description: 'Continuous integration', readers: [] });
  prod.keys = prod.keys.filter(({ name }: { name: string }) => name !== 'search-service-key');
  return policy;
}

/** What the queue hears where there is no Admin API. */
export const HEARD_OF_OPERATOR = ['key-needed', 'deletion-needed', 'key-revoked'] as const;

/** The shipped example without the Admin API, pointed at the fake Mistral. */
export function operatorPolicy({ mistralUrl, queueArn }: Addresses) {
  const policy = parse(readFileSync(OPERATOR, 'utf8'));
  policy.mistral.apiUrl = mistralUrl;
  policy.alerts.subscriptions.push({
    protocol: 'sqs',
    endpoint: queueArn,
    filter: { type: [...HEARD_OF_OPERATOR] },
  });
  return policy;
}

export const ADDED_SECRET = 'mistral/dev-workspace/dev-ci-key';
export const REMOVED_SECRET = 'mistral/prod-workspace/search-service-key';

export function writePolicy(path: string, policy: unknown): string {
  writeFileSync(path, stringify(policy));
  return path;
}
