import { createMistral } from '@ai-sdk/mistral';
import { Mistral } from '@mistralai/mistralai';
import { APICallError, generateText } from 'ai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import { answerOf, problem, retryOf } from '../../governance/metering/problem.js';
import { SecretEmptyError, SecretValueError } from '../../governance/platform/errors.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DAILY_TOKENS,
  DEVELOPER,
  gatewayWorld,
} from '../support/gateway-world.js';

const NOW = new Date('2026-06-30T12:00:00Z');

describe('a limit that is exhausted', () => {
  test.each([
    [1, 429, '1'],
    [59_001, 429, '60'],
    [60_000, 429, '60'],
    [60_001, 402, undefined],
    [30 * 86_400_000, 402, undefined],
    [-5000, 429, '1'],
  ])('for %i ms is a %i with Retry-After %s', (ms, status, retryAfter) => {
    const resetsAt = new Date(NOW.getTime() + ms);
    const answer = answerOf(problem('budget_exhausted', 'x', retryOf(NOW, resetsAt)));

    expect(answer.status).toBe(status);
    const headers = new Map(
      answer.headers.flatMap((name, at) =>
        at % 2 ? [] : [[name, answer.headers[at + 1]] as const],
      ),
    );
    expect(headers.get('retry-after')).toBe(retryAfter);
    expect(headers.get('x-should-retry')).toBe(retryAfter ? undefined : 'false');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ resets_at: resetsAt.toISOString() });
  });
});

/** One request each, with their own retries. */
const SDKS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  '@mistralai/mistralai': (url) =>
    new Mistral({
      serverURL: url,
      apiKey: 'none',
      retryConfig: { strategy: 'backoff', retryConnectionErrors: true },
    }).chat.complete(CHAT as never, { fetchOptions: { headers: { [CALLER_HEADER]: DEVELOPER } } }),
  openai: (url) =>
    new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: 'none',
      defaultHeaders: { [CALLER_HEADER]: DEVELOPER },
    }).chat.completions.create(CHAT as never),
  '@ai-sdk/mistral': (url) => {
    const mistral = createMistral({
      baseURL: `${url}/v1`,
      apiKey: 'none',
      headers: { [CALLER_HEADER]: DEVELOPER },
    });
    return generateText({ model: mistral(CHAT.model), prompt: 'Say hello.' });
  },
};

/** How an SDK fails, and how many requests it made until then. */
async function refusedBy(
  { url, shell }: Awaited<ReturnType<typeof gatewayWorld>>,
  ask: (url: string) => Promise<unknown>,
) {
  let requests = 0;
  shell.server.on('request', () => {
    requests += 1;
  });
  const error: unknown = await ask(url).catch((thrown: unknown) => thrown);
  const name = error instanceof OpenAI.APIError ? 'status' : 'statusCode';
  return {
    requests,
    status: (error as Readonly<Record<string, unknown>>)[name],
    text: String(error),
    said: APICallError.isInstance(error) ? error.responseBody : JSON.stringify(error),
  };
}

describe.each(Object.entries(SDKS))('%s', (_name, ask) => {
  test.each(['workspace#dev-workspace usd month', DAILY_TOKENS])(
    'does not retry when %s is exhausted for hours, and gets the time it resets',
    async (quota) => {
      const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
      world.quotas.limits.set(quota, 0);
      const { requests, status, said, text } = await refusedBy(world, ask);

      expect(requests).toBe(1);
      expect(status).toBe(402);
      expect(text).toMatch(
        /exhausted for 2026-06.*: \d+ % (spent; this request may cost up to 0\.\d+ USD|used; this request may use up to \d+ tokens); resets at/,
      );
      expect(said).toContain('2026-07-01T00:00:00.000Z');
    },
  );

  const unread = (error: Error): GatewayDeps['keys'] => ({
    current: () => Promise.reject(error),
    instead: async () => undefined,
  });
  test.each<[string, string, Partial<GatewayDeps>]>([
    ['is rejected by Mistral', 'upstream_unauthorized', {}],
    ['is not usable', 'key_unavailable', { keys: unread(new SecretValueError('no key')) }],
    ['does not exist yet', 'key_unavailable', { keys: unread(new SecretEmptyError('empty')) }],
  ])('does not retry where the key of the workspace %s', async (_what, code, deps) => {
    const unauthorized = { detail: 'Unauthorized' };
    const world = await gatewayWorld(
      (response) => answerJson(response, 401, unauthorized),
      undefined,
      deps,
    );
    const { requests, status, said } = await refusedBy(world, ask);

    expect(requests).toBe(1);
    expect(status).toBe(403);
    expect(said).toContain(code);
  });
});
