import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { createKeyProber } from '../../../governance/mistral/key-prober.js';
import { createMistralHttp } from '../../../governance/mistral/mistral-http.js';
import { json, loopback } from '../../support/loopback.js';

const apiKey = new ApiKey('ProbedKeyProbedKeyProbedKeyPro01');

async function probe(answer: (response: ServerResponse) => void) {
  const server = await loopback(answer);
  const prober = createKeyProber(createMistralHttp(server.url, { sleep: async () => {} }));
  return { ...server, outcome: await prober.probe(apiKey).catch((e: unknown) => e) };
}

test('an accepted key comes with the models it may use', async () => {
  const { outcome, requests } = await probe((response) =>
    json(response, 200, {
      object: 'list',
      data: [
        {
          id: 'mistral-small-2603',
          aliases: ['mistral-small-latest'],
          max_context_length: 262144,
          deprecation: '2026-12-31T12:00:00Z',
          deprecation_replacement_model: 'mistral-small-2612',
          capabilities: {},
          type: 'base',
        },
        { id: 'codestral-2608', deprecation: null, max_context_length: 'long' },
      ],
    }),
  );
  expect(outcome).toEqual({
    kind: 'accepted',
    models: [
      {
        id: 'mistral-small-2603',
        aliases: ['mistral-small-latest'],
        contextTokens: 262_144,
        deprecatedAt: new Date('2026-12-31T12:00:00Z'),
        replacement: 'mistral-small-2612',
      },
      { id: 'codestral-2608', aliases: [], deprecatedAt: undefined, replacement: undefined },
    ],
  });
  expect(requests).toMatchObject([{ method: 'GET', path: '/v1/models' }]);
  expect(requests[0]?.headers.authorization).toBe(`Bearer ${apiKey.reveal()}`);
  expect(requests[0]?.headers).not.toHaveProperty('x-api-key');
});

test.each([401, 403])('a %i is a rejection, without a retry', async (status) => {
  const { outcome, requests } = await probe((response) =>
    json(response, status, { detail: 'Unauthorized' }),
  );
  expect(outcome).toEqual({ kind: 'rejected', status });
  expect(requests).toHaveLength(1);
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['an outage', (r) => json(r, 503, {}), 'MistralUnavailableError'],
  ['throttling', (r) => json(r, 429, {}), 'MistralRateLimitedError'],
  [
    "a firewall's page",
    (r) => r.writeHead(403).end('<html>Blocked</html>'),
    'MistralResponseError',
  ],
  ['a login page', (r) => r.writeHead(200).end('<html>Sign in</html>'), 'MistralResponseError'],
  ['a list without models', (r) => json(r, 200, { object: 'list' }), 'MistralResponseError'],
  ['an echo of the key', (r) => json(r, 400, { message: apiKey.reveal() }), 'MistralRequestError'],
])('%s says nothing about the key', async (_name, answer, errorName) => {
  const { outcome } = await probe(answer);
  expect(outcome).toMatchObject({ name: errorName });
  expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('ProbedKey');
});
