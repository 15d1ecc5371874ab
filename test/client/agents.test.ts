import { expect, test } from 'vitest';
import { HELPER, LARGE, mistralWithAgents, withAgents } from '../support/agents-world.js';
import { clientWorld, MONEY } from '../support/client-world.js';

const messages = [{ role: 'user' as const, content: 'why?' }];
const world = () => clientWorld({ script: mistralWithAgents(), policy: withAgents });

test('an agent is asked as the policy allows, and costs what its model does', async () => {
  const { create, sent, total } = await world();
  const mistral = await create();

  const { usage } = await mistral.agents.complete({ agentId: HELPER.id, messages });
  const { promptTokens = 0, completionTokens = 0 } = usage;

  expect(JSON.parse(sent()[0]?.body ?? '')).toMatchObject({ max_tokens: 2000 });
  await mistral.flush();
  expect((await total(MONEY)).settled).toBe(promptTokens * 150 + completionTokens * 600);
  await expect(mistral.agents.complete({ agentId: LARGE.id, messages })).rejects.toMatchObject({
    ...{ name: 'GovernanceRefusedError', code: 'model_not_allowed' },
  });
  await expect(mistral.agents.complete({ agentId: 'ag_x', messages })).rejects.toMatchObject({
    ...{ name: 'GovernanceRefusedError', code: 'agent_not_allowed' },
  });
  expect(sent()).toHaveLength(1);
});

test('a conversation goes on with what Mistral says that it was started with, asked once', async () => {
  const { create, sent, total } = await world();
  const mistral = await create();
  const { conversations } = mistral.beta;

  const { conversationId } = await conversations.start({ inputs: 'why?', agentId: HELPER.id });
  const append = { conversationId, conversationAppendRequest: { inputs: 'and?' } };
  await conversations.append(append);
  const stream = await conversations.appendStream({
    ...{ conversationId, conversationAppendStreamRequest: { inputs: 'and?' } },
  });
  const names: string[] = [];
  for await (const { event } of stream) names.push(event);

  expect(names.at(-1)).toBe('conversation.response.done');
  expect(sent().map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST /v1/conversations',
    `GET /v1/conversations/${conversationId}`,
    `POST /v1/conversations/${conversationId}`,
    `POST /v1/conversations/${conversationId}`,
  ]);
  expect(JSON.parse(sent()[3]?.body ?? '')).toMatchObject({
    ...{ completion_args: { max_tokens: 2000 }, handoff_execution: 'client' },
  });
  expect(await conversations.getHistory({ conversationId })).toMatchObject({ conversationId });
  await mistral.flush();
  expect((await total(MONEY)).settled).toBeGreaterThan(0);
});

test('what Mistral does not have is its own answer', async () => {
  const { create } = await world();
  const { conversations } = (await create()).beta;
  const append = { conversationId: 'conv_x', conversationAppendRequest: { inputs: 'x' } };
  await expect(conversations.append(append)).rejects.toMatchObject({ statusCode: 404 });
});
