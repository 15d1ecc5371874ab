import { describe, expect, test } from 'vitest';
import {
  CENTS_3,
  HELPER,
  LARGE,
  SEARCHER,
  withAgents,
  agentsWorld as world,
} from '../support/agents-world.js';
import { assembledGateway } from '../support/assembled-gateway.js';
import type { Script } from '../support/gateway-world.js';

const messages = [{ role: 'user' as const, content: 'why?' }];

describe('completions of agents, by the official SDK', () => {
  test('are priced as those of the model of the agent', async () => {
    const { as, sent, spent } = await world();

    const { usage, choices } = await as('developer').agents.complete({
      ...{ agentId: HELPER.id, messages },
    });

    expect(choices[0]?.message?.content).toBe('word word word');
    const [{ url, body } = { url: '', body: {} }] = sent();
    expect([url, body.agent_id, body.max_tokens]).toEqual([
      ...['/v1/agents/completions', HELPER.id, 2000],
    ]);
    expect(body).not.toHaveProperty('model');
    const { promptTokens = 0, completionTokens = 0 } = usage;
    expect(await spent()).toBe(promptTokens * 150 + completionTokens * 600);
  });

  test('are streamed', async () => {
    const { as, sent, spent } = await world();

    const stream = await as('developer').agents.stream({
      ...{ agentId: HELPER.id, messages, maxTokens: 8 },
    });
    const words: unknown[] = [];
    for await (const { data } of stream) words.push(data.choices[0]?.delta.content);

    expect(words.join('')).toBe('word word word');
    expect(sent()[0]?.body).toMatchObject({ stream: true, max_tokens: 8 });
    expect(await spent()).toBeGreaterThan(6 * 600);
  });

  test('with tools at Mistral cost the calls that are reserved, since answers do not report any', async () => {
    const { as, spent } = await world();

    const { usage } = await as('developer').agents.complete({
      ...{ agentId: SEARCHER.id, messages, tools: [{ type: 'web_search' }] },
    });

    const { promptTokens = 0, completionTokens = 0 } = usage;
    expect(await spent()).toBe(promptTokens * 150 + completionTokens * 600 + 2 * CENTS_3);
  });
});

describe('refused are', () => {
  const agent = (agent_id: string, more: object = {}) => ({ agent_id, messages, ...more });

  test.each<[what: string, body: object, role: string, status: number, error: object]>([
    [
      'an agent that the policy does not have',
      agent('ag_unknown'),
      'developer',
      403,
      {
        code: 'agent_not_allowed',
        message: `agent "ag_unknown" is not allowed for role "developer": allowed are ${HELPER.id}, ${SEARCHER.id} and ${LARGE.id}`,
      },
    ],
    [
      'one that the role does not have',
      agent(HELPER.id),
      'analyst',
      403,
      {
        code: 'agent_not_allowed',
        message: `agent "${HELPER.id}" is not allowed for role "analyst": allowed are none`,
      },
    ],
    [
      'one whose model the role may not use',
      agent(LARGE.id),
      'developer',
      403,
      {
        code: 'model_not_allowed',
        message: expect.stringContaining(
          `model "mistral-large-latest" of agent "${LARGE.id}" is not`,
        ),
      },
    ],
    [
      'tools at Mistral of an agent without a price for them',
      agent(HELPER.id, { tools: [{ type: 'code_interpreter' }] }),
      'developer',
      422,
      {
        param: 'tools',
        message: `tools has "code_interpreter", which runs at Mistral and is billed by the call: agent "${HELPER.id}" has no pricePerToolCall in the policy`,
      },
    ],
    [
      'more tokens than the role may have',
      agent(HELPER.id, { max_tokens: 2001 }),
      'developer',
      403,
      { code: 'max_tokens_exceeded', param: 'max_tokens' },
    ],
  ])('%s', async (_what, body, role, status, error) => {
    const { ask, received } = await world();
    const answer = await ask(body, role, '/v1/agents/completions');
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining(error)]);
    expect(received).toEqual([]);
  });

  test('requests that could cost more than the budget has, by the calls of tools', async () => {
    const { ask, received } = await world((document) => {
      document.workspaces[0].budgets = { dailyUsd: 0.15 };
    });
    const body = agent(SEARCHER.id);
    expect((await ask(body, 'developer', '/v1/agents/completions')).status).toBe(200);
    const refused = [];
    for (let n = 0; n < 3; n += 1) {
      refused.push((await ask(body, 'developer', '/v1/agents/completions')).status);
    }
    expect(refused).toContain(402);
    expect(received.length).toBeLessThan(4);
  });

  test('another workspace at the rate limit, which has not the agent', async () => {
    const limited: Script = (response) =>
      response.writeHead(429, { 'x-ratelimit-limit-req-minute': '0' }).end('{}');
    const { ask, received } = await assembledGateway(limited, (document) => {
      withAgents(document);
      document.workspaces[0].overflowTo = ['ml-workspace'];
    });
    const answer = await ask(agent(HELPER.id), 'developer', '/v1/agents/completions');
    expect(answer.status).toBe(402);
    expect(received).toHaveLength(1);
  });
});
