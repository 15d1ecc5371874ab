import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import * as z from 'zod';
import { serializeManagedKey } from '../../governance/keys/managed-key.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { parseJson } from '../../governance/platform/json.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { OBJECT_INDEXES } from '../../governance/policy/object-indexes.js';
import { GATEWAY_KEY_NAME, secretName } from '../../governance/policy/planned-keys.js';
import { startLocalDynamo } from '../../testing/dynamo.js';
import { createAlertInbox } from '../../testing/fakes/alert-inbox.js';
import { createExecutions } from '../../testing/fakes/executions.js';
import { jsonAnswer } from '../../testing/fakes/http-server.js';
import { createFakeKeys } from '../../testing/fakes/mistral-keys.js';
import {
  createFakeMistral,
  FAKE_MODELS,
  fakeOrganization,
} from '../../testing/fakes/mistral-server.js';
import { createSecretStore } from '../../testing/fakes/secret-store.js';
import { openNetwork } from '../../testing/network.js';
import { forOfficialSdk } from '../mistral.js';
import { CALLER_HEADER, startPlainServer } from '../plain-server.js';
import { until } from '../waiting.js';
import { KEYLESS, REJECTED } from './account.js';

const QUOTA_TABLE = 'quotas';
const OBJECTS_TABLE = 'objects';
const START_MS = 60_000;
const MODELS = [
  ...FAKE_MODELS,
  { id: 'mistral-ocr-4-1', aliases: ['mistral-ocr-latest'] },
  { id: 'mistral-moderation-2603', aliases: ['mistral-moderation-latest'] },
  { id: 'voxtral-mini-tts-2603', aliases: ['voxtral-mini-tts-latest'] },
];
/** A prompt of this and a name is answered once the test releases it. */
export const HELD = 'held-until-released:';
const HELD_NAME = new RegExp(`${HELD}([\\w-]+)`);
const REFUSED = /refused-with (\d+) for (\d+) s:([\w-]+)/;
/** A prompt that Mistral refuses, and asks to be spared, until the test lets it answer. */
export function refusedByMistral(status: number, retryAfter: number, name: string): string {
  return `refused-with ${status} for ${retryAfter} s:${name}`;
}

const HealthSchema = z.object({ waitingFor: z.array(z.string()) });
const RefusalSchema = z.looseObject({
  message: z.string(),
  code: z.string(),
  resets_at: z.string().optional(),
});

/** One request that reached the server, and what it answered. */
export interface Seen {
  readonly caller: string;
  readonly cameAtMs: number;
  readonly answeredAtMs: number;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Of a refusal. */
  readonly body: z.infer<typeof RefusalSchema> | undefined;
}

export type SdkServer = Awaited<ReturnType<typeof startSdkServer>>;

/** Starts the gateway with a policy, and returns its address. */
export type StartShell = (
  policyPath: string,
  env: NodeJS.ProcessEnv,
  onStart: (stop: () => unknown) => void,
) => Promise<string>;

interface SdkServerOptions {
  /** Where the gateway reaches the stand-in for Mistral, given its address. @default there */
  readonly mistralAt?: (url: string) => Promise<string>;
  /** @default as a plain server, in a process of its own */
  readonly startShell?: StartShell;
}

/** The gateway before stand-ins for Mistral and AWS, and behind a proxy that counts what comes in. */
export async function startSdkServer(
  policy: Readonly<Record<string, unknown>>,
  folder: string,
  env: NodeJS.ProcessEnv,
  onStart: (stop: () => unknown) => void,
  { mistralAt = async (url) => url, startShell = startReadyServer }: SdkServerOptions = {},
) {
  const now = () => new Date();
  const dynamo = await startLocalDynamo();
  onStart(() => dynamo.close());
  await dynamo.createTable(QUOTA_TABLE);
  await dynamo.createTable(OBJECTS_TABLE, Object.values(OBJECT_INDEXES));
  const secrets = createSecretStore(now, () => {});
  const keys = createFakeKeys({ now });
  const held = new Map<string, () => void>();
  const spared = new Set<string>();
  const path = join(folder, 'sdks.yaml');

  const organization = fakeOrganization([], { models: MODELS });
  const fake = createFakeMistral(keys, organization, randomUUID(), now);
  const mistral: typeof fake = {
    ...fake,
    async answer(call) {
      const [, name] = HELD_NAME.exec(call.body) ?? [];
      if (name) await new Promise<void>((resolve) => held.set(name, resolve));
      const [, status, retryAfter = '', refused = ''] = REFUSED.exec(call.body) ?? [];
      if (status && !spared.has(refused)) {
        const body = { object: 'error', message: 'Not now', type: 'refused', code: '1300' };
        return { ...jsonAnswer(Number(status), body), headers: { 'retry-after': retryAfter } };
      }
      return forOfficialSdk(await fake.answer(call));
    },
  };
  const inbox = createAlertInbox(now);
  const executions = createExecutions(now, () => {});
  const network = await openNetwork({ mistral, secrets, inbox, executions, dynamo });
  onStart(() => network.close());
  const apiUrl = await mistralAt(network.url);
  writeFileSync(path, stringify({ ...policy, mistral: { apiUrl } }));
  const { workspaces } = loadPolicy(path);
  organization.workspaces = workspaces;

  for (const { name, id: workspaceId, ownerUserId: userId = '' } of workspaces) {
    if (name === KEYLESS) continue;
    const key = keys.create({ name: GATEWAY_KEY_NAME, workspaceId, userId });
    const value = serializeManagedKey({
      apiKey: new ApiKey(key.plaintext),
      keyId: key.id,
      workspace: name,
      workspaceId,
      createdAt: now(),
      expiresAt: undefined,
    });
    secrets.create(secretName(name, GATEWAY_KEY_NAME), { value });
    if (name === REJECTED) keys.breakKey(key.id);
  }
  const ours = Object.entries(env).filter(([name]) => !/^AWS_/.test(name));
  const ofServer = {
    ...Object.fromEntries(ours),
    AWS_ENDPOINT_URL: network.url,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'eu-west-1',
    QUOTA_TABLE_NAME: QUOTA_TABLE,
    OBJECTS_TABLE_NAME: OBJECTS_TABLE,
    ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts',
  };
  const gateway = await startShell(path, ofServer, onStart);
  const door = await openDoor(gateway);
  onStart(() => door.close());

  return {
    url: door.url,
    seenFrom: door.seenFrom,
    onAnswer: door.onAnswer,
    isHeld: (name: string): boolean => held.has(name),
    release: (name: string): void => held.get(name)?.(),
    /** From now on, Mistral answers prompts of this name. */
    stopRefusing: (name: string): void => void spared.add(name),
  };
}

const startReadyServer: StartShell = async (...server) => {
  const url = await startPlainServer(...server);
  // It is not ready while a workspace has no key, but once it knows the models it serves the others.
  await until(
    'a gateway that knows its models',
    async () => HealthSchema.parse(await (await fetch(`${url}/healthz`)).json()).waitingFor,
    (waitingFor) => !waitingFor.includes('models'),
    { pauseMs: 100, limitMs: START_MS },
  );
  return url;
};

/** Passes each request on as it is, and keeps of it who sent it and what was answered. */
async function openDoor(target: string) {
  const seen: Seen[] = [];
  const listeners = new Set<(seen: Seen) => void>();
  // A client that sends as an idle connection is closed would see it break: none is, and none is kept.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, outgoing) => {
    const cameAtMs = performance.now();
    const { method, url: path, headers } = incoming;
    const options = { method, headers, agent: false };
    const forwarded = httpRequest(`${target}${path}`, options, async (answer) => {
      const { statusCode: status = 0 } = answer;
      const { connection: _, 'keep-alive': _hint, ...passed } = answer.headers;
      outgoing.writeHead(status, passed);
      const caller = String(headers[CALLER_HEADER]);
      const body = status < 400 ? undefined : await text(answer);
      const refusal = RefusalSchema.safeParse(parseJson(body ?? '')).data;
      const answeredAtMs = performance.now();
      const times = { cameAtMs, answeredAtMs };
      const one = { caller, ...times, status, headers: answer.headers, body: refusal };
      seen.push(one);
      for (const listener of listeners) listener(one);
      if (body === undefined) answer.pipe(outgoing);
      else outgoing.end(body);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seenFrom: (caller: string): readonly Seen[] => seen.filter((one) => one.caller === caller),
    /** Called for every answer, until what it returns is called. */
    onAnswer(listener: (seen: Seen) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
