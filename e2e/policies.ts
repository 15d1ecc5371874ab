import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';

const ROOT = join(import.meta.dirname, '..');
/** More than half of it goes with one long answer of codestral; once raised, next to nothing does. */
const TINY_BUDGET_USD = 0.01;
const RAISED_BUDGET_USD = 5;
export const TIMES_THE_LIST = 5;
export const CODESTRAL_PRICES = {
  inputPerMillionTokens: 0.3 * TIMES_THE_LIST,
  outputPerMillionTokens: 0.9 * TIMES_THE_LIST,
};

/** The types of alerts that the queue's subscription lets through. */
export const ALERT_TYPES = [
  ...['audit-digest', 'key-revoked', 'approval-needed'],
  ...['spend-threshold', 'spend-forecast', 'budget-exhausted', 'reconciliation-drift'],
];
/** The same in operator mode. */
export const OPERATOR_ALERT_TYPES = ['key-needed', 'deletion-needed', 'key-revoked'];

export const ADDED_SECRET = 'mistral/dev-workspace/dev-ci-key';
/** It leaves the policy because its secret is gone. */
export const LOST_SECRET = 'mistral/ml-workspace/ml-batch-key';
export const REMOVED_SECRET = 'mistral/prod-workspace/search-service-key';

/** Paths of the policies of the journey. */
export interface Policies {
  /** As shipped, pointed at the fake Mistral, with a queue that gets some alerts. */
  readonly first: string;
  /** A key more, two less, a budget raised. */
  readonly changed: string;
  /** The shipped example without the Admin API. */
  readonly operator: string;
}

export function writePolicies(folder: string, mistralUrl: string, queueArn: string): Policies {
  const write = (name: string, policy: unknown) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, stringify(policy));
    return path;
  };
  const read = (path: string, type: readonly string[]) =>
    policyHere(path, mistralUrl, { protocol: 'sqs', endpoint: queueArn, filter: { type } });

  const policy = read('governance.yaml', ALERT_TYPES);
  const [dev, ml, prod] = policy.workspaces;
  dev.budgets = { dailyUsd: TINY_BUDGET_USD, monthlyUsd: 50 };
  policy.prices = { models: { 'codestral-2508': CODESTRAL_PRICES } };
  ml.keys.push({ name: 'ml-batch-key', description: 'Nightly batch', readers: [] });
  const first = write('first', policy);

  dev.budgets.dailyUsd = RAISED_BUDGET_USD;
  dev.keys.push({ name: 'dev-ci-key', description: 'Continuous integration', readers: [] });
  prod.keys = prod.keys.filter(({ name }: { name: string }) => name !== 'search-service-key');
  ml.keys.pop();
  const changed = write('changed', policy);

  const operator = write('operator', read('examples/operator.yaml', OPERATOR_ALERT_TYPES));
  return { first, changed, operator };
}

/** A shipped policy, pointed at the fake Mistral, with one more subscription. */
export function policyHere(path: string, mistralUrl: string, subscription: object) {
  const policy = parse(readFileSync(join(ROOT, path), 'utf8'));
  policy.mistral.apiUrl = mistralUrl;
  if (policy.mistral.keySource !== 'operator') policy.mistral.adminUrl = `${mistralUrl}/v1/admin`;
  policy.alerts.subscriptions.push(subscription);
  return policy;
}

/** Names of the secrets that a policy has. */
export function secretsOf(policyPath: string): readonly string[] {
  return plannedKeys(loadPolicy(policyPath)).map(({ secretName }) => secretName);
}
