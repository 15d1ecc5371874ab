import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import {
  createGovernedMistral,
  type GovernedMistral,
  type GovernedMistralOptions,
} from '../../client/governed-mistral.js';
import { serializeManagedKey } from '../../governance/keys/managed-key.js';
import { createPublishedPrices } from '../../governance/prices/published-prices.aws.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../governance/quotas/quota-totals.js';
import { dailyTokensOf } from '../../governance/quotas/workspace-quotas.js';
import { PATIENCE_MS } from '../../testing/aws.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { answerAwsJson } from '../../testing/fakes/aws-json.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { createSecretStore } from '../../testing/fakes/secret-store.js';
import { callInProcess } from '../../testing/in-process.js';
import type { Network } from '../../testing/network.js';
import { aManagedKey, policyDocument } from './builders.js';
import { answerJson, COMPLETION, mistralStandIn, type Script, USAGE } from './gateway-world.js';

export const SECRET = 'mistral/dev-workspace/dev-team-key';
export const KEY = 'Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J';
export const AT = '2026-06-30T12:00:00Z';
export const CHAT = {
  model: 'mistral-small-latest',
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
};
export const TOTAL_TOKENS = USAGE.total_tokens;

const MODELS = [
  { id: 'mistral-small-2603', aliases: ['mistral-small-latest'], max_context_length: 262_144 },
  { id: 'codestral-2508', aliases: ['codestral-latest'], max_context_length: 131_072 },
  { id: 'mistral-large-2512', aliases: ['mistral-large-latest'], max_context_length: 262_144 },
  { id: 'mistral-embed-2312', aliases: ['mistral-embed'], max_context_length: 8192 },
  { id: 'voxtral-mini-2602', aliases: ['voxtral-mini-latest'], max_context_length: 16_384 },
  { id: 'brand-new-9999', aliases: ['brand-new'], max_context_length: 1024 },
].map((model) => ({
  ...model,
  object: 'model',
  owned_by: 'mistralai',
  type: 'base',
  capabilities: { completion_chat: true },
}));

/** A completion for every request. */
export const completing: Script = (response) => answerJson(response, 200, COMPLETION);

/** A Mistral that accepts only the given keys, lists its models, and leaves other answers to a script. */
export function lettingIn(keys: ReadonlySet<string>, script: Script): Script {
  return (response, received, count) => {
    const { url, headers } = received;
    const key = headers.authorization?.replace('Bearer ', '') ?? '';
    if (!keys.has(key)) return answerJson(response, 401, { detail: 'Unauthorized' });
    if (url.startsWith('/v1/models')) {
      return answerJson(response, 200, { object: 'list', data: MODELS });
    }
    return script(response, received, count);
  };
}

let tables = 0;

export interface ClientWorldOptions {
  readonly script?: Script;
  readonly policy?: (document: ReturnType<typeof policyDocument>) => void;
  readonly options?: Partial<GovernedMistralOptions>;
}

/** Secrets Manager, DynamoDB and Mistral as real servers, and what a service needs to create a client. */
export async function clientWorld({ script = completing, policy, options }: ClientWorldOptions) {
  let at = new Date(AT);
  const now = () => at;
  const letIn = new Set([`${KEY}-1`]);
  const upstream = await mistralStandIn(lettingIn(letIn, script));
  const { secretsManager, secrets, secretCalls, secretsState } = await secretsManagerFor(now);
  tables += 1;
  const tableName = `quotas-${tables}`;
  const local = await localDynamo();
  await local.createTable(tableName);
  const { dynamo, dynamoCalls } = dynamoClient(callInProcess(local.answer));
  const document = policyDocument();
  document.mistral = { ...document.mistral, apiUrl: upstream.url };
  policy?.(document);
  const counters = createQuotaCounters(local.client, tableName);
  const totals = createQuotaTotals(counters);

  async function create(more: Partial<GovernedMistralOptions> = {}): Promise<GovernedMistral> {
    const client = await createGovernedMistral({
      ...{ role: 'developer', workspace: 'dev-workspace', service: 'search' },
      ...{ secretId: SECRET, policy: document, quotaTableName: tableName },
      ...{ secretsManager, dynamo, now, flushEverySeconds: 0 },
      closeTimeoutSeconds: PATIENCE_MS / 1000, // in real time, which a busy machine may need
      ...options,
      ...more,
    } as GovernedMistralOptions);
    onTestFinished(() => client.close());
    return client;
  }

  return {
    create,
    publish: createPublishedPrices(local.client, tableName).publish,
    ...{ upstream, letIn, secretCalls, secretsState, dynamoCalls, document },
    counters,
    now,
    /** The requests that reached Mistral, without the lists of models. */
    sent: () => upstream.received.filter(({ url }) => !url.startsWith('/v1/models')),
    rotate: (plaintext: string) => rotate(secrets, plaintext),
    pass(seconds: number) {
      at = new Date(at.getTime() + seconds * 1000);
    },
    async total(quota: Quota) {
      const [total] = await totals.of([quota], at, at);
      return {
        settled: total?.settled ?? 0,
        held: (total?.committed ?? 0) - (total?.settled ?? 0),
      };
    },
  };
}

/** Of a developer, who belongs to the first workspace. */
export function dailyTokensFor(principal: string): Quota {
  const [{ id: workspaceId }] = policyDocument().workspaces;
  return dailyTokensOf({ principal, workspaceId, limit: 500_000 });
}

export const DAILY_TOKENS = dailyTokensFor('arn:aws:iam::000000000000:user/search');
export const REQUESTS: Quota = {
  scope: 'workspace#dev-workspace',
  countedAs: 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
  unit: 'requests',
  window: 'minute',
  limit: 60,
};
export const MONEY: Quota = {
  scope: 'workspace#dev-workspace',
  countedAs: 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
  unit: 'usd',
  window: 'month',
  limit: 50e9,
};

function rotate({ operations }: ReturnType<typeof createSecretStore>, plaintext: string): void {
  operations.PutSecretValue?.({
    SecretId: SECRET,
    SecretString: secretString(plaintext),
    VersionStages: ['AWSCURRENT'],
  });
}

function secretString(plaintext: string): string {
  // As stored by hand: with the text that was pasted for a key.
  return JSON.stringify({
    ...JSON.parse(serializeManagedKey(aManagedKey('k'))),
    apiKey: plaintext,
  });
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const AWS = { region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 };

async function secretsManagerFor(now: () => Date) {
  const secrets = createSecretStore(now, () => {});
  secrets.create(SECRET, { value: secretString(`${KEY}-1`) });
  const secretCalls: string[] = [];
  const state = { isAway: false };
  const server = await serveHttp(async (call) => {
    secretCalls.push(JSON.parse(call.body).VersionStage);
    return state.isAway ? 'broken' : answerAwsJson(call, secrets.operations);
  });
  const secretsManager = new SecretsManagerClient({ ...AWS, endpoint: server.url });
  onTestFinished(async () => {
    secretsManager.destroy();
    await server.close();
  });
  return { secretsManager, secrets, secretCalls, secretsState: state };
}

let dynalite: Promise<LocalDynamo> | undefined;

/** One for all tests of a file. */
function localDynamo(): Promise<LocalDynamo> {
  dynalite ??= startLocalDynamo();
  return dynalite;
}

export function dynamoClient({ url, aws }: Pick<Network, 'url' | 'aws'>) {
  const dynamo = new DynamoDBClient({ ...AWS, endpoint: url, ...aws });
  const dynamoCalls: string[] = [];
  dynamo.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        dynamoCalls.push(commandName);
        return next(args);
      },
    { step: 'initialize' },
  );
  onTestFinished(() => dynamo.destroy());
  return { dynamo, dynamoCalls };
}
