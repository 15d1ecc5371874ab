import { Mistral } from '@mistralai/mistralai';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import { expect, test } from 'vitest';
import { CHAT, clientWorld } from '../support/client-world.js';
import {
  answerJson,
  CALLER_HEADER,
  COMPLETION,
  DEVELOPER,
  gatewayWorld,
  session,
} from '../support/gateway-world.js';

// A cached token costs a tenth, and how fast an answer comes tells whether its prompt was in a cache: a caller
// that finds the name of another one's cache would read in it.
const NAME = 'the same name';
const fetchOptions = { headers: { 'x-affinity': NAME } };
const HASH = /^[0-9a-f]{32}$/;

interface Sent {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const namesIn = ({ headers, body }: Sent) => [
  headers['x-affinity'],
  JSON.parse(body).prompt_cache_key,
];

test('through the gateway, callers that choose one name share no cache', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  for (const caller of [DEVELOPER, DEVELOPER, session('platform-admin')]) {
    const httpClient = new HTTPClient({
      fetcher: (input, init) => {
        const request = new Request(input, init);
        request.headers.set(CALLER_HEADER, caller);
        return fetch(request);
      },
    });
    const mistral = new Mistral({ serverURL: world.url, apiKey: 'none', httpClient });
    await mistral.chat.complete({ ...CHAT, promptCacheKey: NAME }, { fetchOptions });
  }

  const [first, again, other] = world.received.map(namesIn);
  expect(first).toEqual([expect.stringMatching(HASH), expect.stringMatching(HASH)]);
  expect(again).toEqual(first);
  expect(other).not.toContain(first?.[0]);
  expect(JSON.stringify(world.received)).not.toContain(NAME);
});

test('through the client library, services that choose one name share no cache', async () => {
  const world = await clientWorld({});
  for (const service of ['search', 'search', 'other']) {
    const mistral = await world.create({ service } as never);
    await mistral.chat.complete({ ...CHAT, promptCacheKey: NAME }, { fetchOptions });
  }

  const [first, again, other] = world.sent().map(namesIn);
  expect(first).toEqual([expect.stringMatching(HASH), expect.stringMatching(HASH)]);
  expect(again).toEqual(first);
  expect(other).not.toContain(first?.[0]);
  expect(JSON.stringify(world.sent())).not.toContain(NAME);
});

test('the client library sends no session with an endless name, also where calls are not metered', async () => {
  const world = await clientWorld({ options: { unmetered: 'allow' } });
  const mistral = await world.create();
  const headers = { 'x-affinity': 'x'.repeat(257) };
  await mistral.chat.complete(CHAT, { fetchOptions: { headers } });
  await mistral.beta.agents.list({}, { fetchOptions }).catch(() => {}); // the stand-in has none

  const [long, unmetered] = world.sent().map((one) => one.headers['x-affinity']);
  expect(long).toBeUndefined();
  expect(unmetered).toMatch(HASH);
});
