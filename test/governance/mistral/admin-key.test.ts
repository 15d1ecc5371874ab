import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createAdminKey } from '../../../governance/mistral/admin-key.aws.js';
import { createMistralAdmin } from '../../../governance/mistral/mistral-admin.js';
import { createMistralHttp } from '../../../governance/mistral/mistral-http.js';
import { AdminKeyError } from '../../../governance/platform/errors.js';
import { json, loopback } from '../../support/loopback.js';
import { MARGINS, NO_KEYS } from '../../support/pasted-keys.js';

const SECRET = 'mistral/admin-api-key';
const OLD = 'OldAdminKeyOldAdminKeyOldAdmin01';
const NEW = 'NewAdminKeyNewAdminKeyNewAdmin02';
const service = mockClient(SecretsManagerClient);
afterAll(() => service.restore());

const adminKey = () => createAdminKey(new SecretsManagerClient(), SECRET);
const reads = () => service.commandCalls(GetSecretValueCommand);

beforeEach(() => service.reset());

/** The secret's value now, and after each further read. */
function secretHolds(...values: (string | undefined)[]): void {
  const results = values.map((SecretString) => ({ SecretString }));
  const [first, ...rest] = results;
  const chain = service.on(GetSecretValueCommand).resolvesOnce(first ?? {});
  for (const result of rest) chain.resolvesOnce(result);
  chain.resolves(results.at(-1) ?? {});
}

describe('reads the Admin API key', () => {
  test.each([
    ['alone', OLD],
    ['alone, with the newline an editor leaves', `${OLD}\n`],
    ['wrapped in JSON', JSON.stringify({ apiKey: OLD })],
    ['wrapped in JSON with more beside it', ` {"note": "by ops", "apiKey": "${OLD}"}\n`],
  ])('%s', async (_name, value) => {
    secretHolds(value);
    expect((await adminKey().read()).reveal()).toBe(OLD);
    expect(reads()[0]?.args[0].input).toEqual({ SecretId: SECRET });
  });

  test.each(MARGINS)('with %s around it, alone or wrapped in JSON', async (_name, margin) => {
    for (const value of [
      margin + OLD + margin,
      margin + JSON.stringify({ apiKey: OLD }) + margin,
      JSON.stringify({ apiKey: margin + OLD + margin }),
    ]) {
      secretHolds(value);
      expect((await adminKey().read()).reveal()).toBe(OLD);
    }
  });

  test.each(NO_KEYS)('but nothing with %s', async (_name, textOf) => {
    for (const value of [textOf(OLD), JSON.stringify({ apiKey: textOf(OLD) })]) {
      secretHolds(value);
      const error = await adminKey()
        .read()
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(AdminKeyError);
      expect(String(error)).not.toMatch(/OldAdmin/);
    }
  });

  test('once for the life of the process, for all concurrent callers', async () => {
    secretHolds(OLD);
    const key = adminKey();
    await Promise.all([key.read(), key.read()]);
    await key.read();
    expect(reads()).toHaveLength(1);
  });

  test('again after a failure', async () => {
    service.on(GetSecretValueCommand).rejectsOnce(new Error('throttled'));
    const key = adminKey();
    await expect(key.read()).rejects.toThrow('throttled');
    service.on(GetSecretValueCommand).resolves({ SecretString: OLD });
    expect((await key.read()).reveal()).toBe(OLD);
  });

  test.each([
    ['no string', undefined, 'is empty'],
    ['an empty string', '', 'is empty'],
    ['blanks', ' \n', 'is empty'],
    ['JSON cut off', `{"apiKey":"${OLD}`, 'holds something other than a key'],
    ['JSON under another name', `{"key":"${OLD}"}`, 'holds something other than a key'],
    ['an empty key', '{"apiKey":""}', 'holds something other than a key'],
    ['a key that is no string', '{"apiKey":["x"]}', 'holds something other than a key'],
    ['a quoted key', `"${OLD}"`, 'holds something other than a key'],
    ['two keys', `${OLD}\n${NEW}`, 'holds something other than a key'],
    ['a sentence', 'put the key here', 'holds something other than a key'],
  ])('fails on %s, naming the secret and quoting nothing of it', async (_name, value, message) => {
    secretHolds(value);
    const error = await adminKey()
      .read()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AdminKeyError);
    expect(String(error)).toContain(`secret ${SECRET} ${message}: store an Admin API key`);
    expect(String(error)).not.toMatch(/OldAdmin|put the key here/);
    expect(error).not.toHaveProperty('cause');
  });

  test('fails on a secret that does not exist, saying what to store there', async () => {
    const missing = new ResourceNotFoundException({ $metadata: {}, message: 'no' });
    service.on(GetSecretValueCommand).rejects(missing);
    const error = await adminKey()
      .read()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AdminKeyError);
    expect(String(error)).toContain(`secret ${SECRET} does not exist or has no value yet`);
  });
});

describe('refreshes the Admin API key', () => {
  test('once for all calls whose key was rejected', async () => {
    secretHolds(OLD, NEW);
    const key = adminKey();
    const rejected = await key.read();
    const fresh = await Promise.all([key.refresh(rejected), key.refresh(rejected)]);
    expect(fresh.map((each) => each.reveal())).toEqual([NEW, NEW]);
    expect((await key.refresh(rejected)).reveal()).toBe(NEW);
    expect(reads()).toHaveLength(2);
  });
});

describe('calls the Admin API', () => {
  /** A Mistral that accepts one key and answers `status` to any other. */
  async function call(accepted: string, status = 401) {
    const server = await loopback((response, { headers }) => {
      const lets =
        headers.authorization === `Bearer ${accepted}` && headers['x-api-key'] === accepted;
      const answer = { detail: `Unauthorized: ${headers['x-api-key']}`, request_id: 'r-1' };
      json(response, lets ? 200 : status, lets ? {} : answer);
    });
    const admin = createMistralAdmin(createMistralHttp(server.url), adminKey());
    const send = () => admin.send({ method: 'GET', path: '/users', answer: z.object({}) });
    return { server, send };
  }

  test('with the key as bearer and as x-api-key', async () => {
    secretHolds(OLD);
    const { send } = await call(OLD);
    expect(await send()).toEqual({});
  });

  test.each([401, 403])('with the replaced key after a %i, and keeps to it', async (status) => {
    secretHolds(OLD, NEW);
    const { server, send } = await call(NEW, status);
    expect(await send()).toEqual({});
    expect(await send()).toEqual({});
    expect(server.requests).toHaveLength(3);
    expect(reads()).toHaveLength(2);
  });

  test.each([
    ['unchanged', OLD, 1],
    ['replaced', NEW, 2],
  ])(
    'fails where the secret is %s and the key still rejected, saying what to do',
    async (_name, then, calls) => {
      secretHolds(OLD, then);
      const { server, send } = await call('another');
      const error = await send().catch((e: unknown) => e);
      expect(error).toMatchObject({
        name: 'MistralUnauthorizedError',
        status: 401,
        requestId: 'r-1',
      });
      expect(String(error)).toContain(`rejects the Admin API key in secret ${SECRET}`);
      expect(String(error)).toContain('GET /users answered 401: Unauthorized: [api key]');
      expect(String(error)).toContain(`put-secret-value --secret-id ${SECRET}`);
      expect(String(error).match(/request r-1/g)).toHaveLength(1);
      expect(String(error)).not.toMatch(/AdminKeyOld|AdminKeyNew/);
      expect(server.requests).toHaveLength(calls);
    },
  );

  test('fails on a 403 with the rights that the key needs', async () => {
    secretHolds(OLD);
    const { send } = await call('another', 403);
    await expect(send()).rejects.toThrow(/Enterprise plan/);
  });

  test('passes any other failure on', async () => {
    secretHolds(OLD);
    const { send } = await call('another', 400);
    await expect(send()).rejects.toMatchObject({ name: 'MistralRequestError' });
    expect(reads()).toHaveLength(1);
  });
});
