import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Mistral } from '@mistralai/mistralai';
import { expect, test } from 'vitest';
import { createSignedHttpClient } from '../../client/signed-http-client.js';
import { authorizeRequest } from '../../governance/access/authorize.js';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { createMetering } from '../../governance/metering/metering.js';
import { createTariff } from '../../governance/metering/tariff.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { createQuotaHolder } from '../../governance/quotas/quota-holder.js';
import { aPolicy } from '../support/builders.js';
import {
  CHAT,
  clientWorld,
  completing,
  dailyTokensFor,
  MONEY,
  REQUESTS,
} from '../support/client-world.js';
import { functionUrl } from '../support/function-url.js';
import { CALLER_HEADER, gatewayWorld } from '../support/gateway-world.js';

const CALLER = 'arn:aws:sts::111122223333:assumed-role/developer/alice';
const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'secret' };

type World = Awaited<ReturnType<typeof clientWorld>>;

/** The gateway behind a function URL that checks signatures, over the quotas of the client's world. */
async function gatewayOver({ counters, now }: World, requestsPerMinute: number) {
  const policy = aPolicy((document) => {
    document.workspaces[0].requestsPerMinute = requestsPerMinute;
  });
  const priceBook = createPriceBook(policy);
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  const nowMs = () => now().getTime();
  const holder = createQuotaHolder({ holderId: 'the gateway', counters, nowMs });
  const gateway = await gatewayWorld(completing, undefined, {
    access: {
      callerOf: (caller) => access.callerOf(caller),
      authorize: (caller, request) => authorizeRequest(access, caller, request),
      models: access.models,
      cards: undefined,
      nextListInMs: 0,
    },
    metering: createMetering(policy, holder, createTariff(priceBook)),
  });
  const front = await functionUrl(
    { AKID: CREDENTIALS },
    async (response, { url, method, body }) => {
      const headers = { 'content-type': 'application/json', [CALLER_HEADER]: CALLER };
      const answer = await fetch(gateway.url + url, {
        method,
        headers,
        body: new Uint8Array(body),
      });
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? '',
      });
      if (answer.body) await pipeline(Readable.fromWeb(answer.body), response);
    },
    now,
  );
  const httpClient = createSignedHttpClient({
    region: 'eu-west-1',
    credentials: CREDENTIALS,
    now,
  });
  return { mistral: new Mistral({ serverURL: front.url, httpClient }), holder };
}

test('a caller has one count for the gateway and the client library', async () => {
  const world = await clientWorld({});
  const direct = await world.create({ caller: CALLER } as never);
  const { mistral, holder } = await gatewayOver(world, 60);

  await direct.chat.complete(CHAT);
  await mistral.chat.complete(CHAT);
  await Promise.all([direct.close(), holder.close()]);

  const tokens = dailyTokensFor(CALLER.replace('/alice', ''));
  expect(await world.total(tokens)).toEqual({ settled: 36, held: 0 });
  expect(await world.total(MONEY)).toEqual({ settled: 11_700, held: 0 });
  expect(await world.total(REQUESTS)).toEqual({ settled: 2, held: 0 });
});

test('a quota exhausted one way is exhausted the other way, with the same code', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.workspaces[0].requestsPerMinute = 2;
    },
  });
  const direct = await world.create({ caller: CALLER } as never);
  const { mistral } = await gatewayOver(world, 2);
  await mistral.chat.complete(CHAT);
  await mistral.chat.complete(CHAT);

  await expect(direct.chat.complete(CHAT)).rejects.toMatchObject({ code: 'rate_limited' });
  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({
    statusCode: 429,
    body: expect.stringContaining('"code":"rate_limited"'),
  });
});
