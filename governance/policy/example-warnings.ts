import { quoted } from '../platform/wording.js';
import type { Policy } from './policy.js';
import type { Warnings } from './warning.js';

/** AWS uses them in its documentation, and the examples here do. */
const ACCOUNTS = ['111122223333', '444455556666', '123456789012', '777788889999', '000000000000'];

/** Of the shipped examples, of docs and messages. */
const WORKSPACE_IDS = /^(6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7|9d1c8a52-6f0e-|3f2b6f0e-7f0a-|0{8}-)/i;
const USER_IDS = /^(9a4d7c1e-3b58-|4b7a1f0e-3c52-|3f2b6f0e-7f0a-|0{8}-)/i;
const ORGANIZATION_ID = 'o-a1b2c3d4e5';

/** Reserved for documentation (RFC 2606). */
const ADDRESS = /[@/.](example\.(com|net|org)|[\w-]+\.(example|invalid|test))(?=[:/?#]|$)/i;

/** What a copy of an example still has of it. */
export function* exampleWarnings(policy: Policy): Warnings {
  const { mistral, alerts, gateway } = policy;
  const isOperator = mistral.keySource === 'operator';
  for (const [path, arn] of arnsOf(policy)) {
    const subject = ACCOUNTS.find((account) => arn.includes(`:${account}:`));
    if (subject === undefined) continue;
    const message = `${subject} is an account of examples: write your own`;
    yield { id: 'example-value', subject, path, message };
  }
  for (const [index, { id, ownerUserId }] of policy.workspaces.entries()) {
    const path = ['workspaces', index];
    if (WORKSPACE_IDS.test(id)) {
      const where = isOperator
        ? "it is in the workspace's address in Mistral's console"
        : 'without it, `mistral-governance workspaces sync` fills yours in';
      const message = `is an id of the examples: write the workspace's id at Mistral; ${where}`;
      yield { id: 'example-value', subject: 'id', path: [...path, 'id'], message };
    }
    if (ownerUserId !== undefined && USER_IDS.test(ownerUserId) && !isOperator) {
      const message = 'is a user of the examples: write the id of a user of your organization';
      yield {
        id: 'example-value',
        subject: 'ownerUserId',
        path: [...path, 'ownerUserId'],
        message,
      };
    }
  }
  if (gateway.organizationId === ORGANIZATION_ID) {
    const path = ['gateway', 'organizationId'];
    const message = `${ORGANIZATION_ID} is an organization of examples: write your own`;
    yield { id: 'example-value', subject: ORGANIZATION_ID, path, message };
  }
  for (const [index, { endpoint }] of alerts.subscriptions.entries()) {
    if (!ADDRESS.test(endpoint)) continue;
    const message = `${quoted(endpoint)} is reserved for examples, and no alert arrives there: write an address of yours`;
    const path = ['alerts', 'subscriptions', index, 'endpoint'];
    yield { id: 'example-value', subject: endpoint, path, message };
  }
  if (ADDRESS.test(alerts.runbookUrl)) {
    const subject = alerts.runbookUrl;
    const message = `${quoted(subject)} is reserved for examples: write where on-call finds your runbook`;
    yield { id: 'example-value', subject, path: ['alerts', 'runbookUrl'], message };
  }
}

function* arnsOf(policy: Policy): Generator<readonly [path: readonly PropertyKey[], arn: string]> {
  for (const [index, { keys }] of policy.workspaces.entries()) {
    for (const [at, { readers }] of keys.entries()) {
      yield* entriesOf(['workspaces', index, 'keys', at, 'readers'], readers);
    }
  }
  for (const [index, { principal }] of policy.callers.entries()) {
    yield [['callers', index, 'principal'], principal];
  }
  yield* entriesOf(['administrators'], policy.administrators);
  yield* entriesOf(['gateway', 'readers'], policy.gateway.readers);
  for (const [index, { endpoint }] of policy.alerts.subscriptions.entries()) {
    yield [['alerts', 'subscriptions', index, 'endpoint'], endpoint];
  }
}

function* entriesOf(path: readonly PropertyKey[], arns: readonly string[]) {
  for (const [index, arn] of arns.entries()) yield [[...path, index], arn] as const;
}
