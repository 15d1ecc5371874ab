import { expect, test } from 'vitest';
import { explain } from '../../cli/access/explanation.js';
import { HELPER, LARGE, SEARCHER, withAgents } from '../support/agents-world.js';
import { aPolicy } from '../support/builders.js';
import { NOW } from './run-cli.js';

const policy = aPolicy(withAgents);
const callerArn = 'arn:aws:sts::111122223333:assumed-role/developer/ana';

test.each([
  ['agents', HELPER.id, undefined, 0],
  ['conversations', SEARCHER.id, undefined, 2],
  ['conversations', 'mistral-small-latest', undefined, 0],
  ['agents', LARGE.id, 'model_not_allowed', 0],
  ['agents', 'ag_none', 'agent_not_allowed', 0],
  ['agents', 'mistral-small-latest', 'agent_not_allowed', 0],
  ['chat', HELPER.id, 'invalid_request', 0],
] as const)('explains %s with %s', async (endpoint, model, code, toolCalls) => {
  const request = { callerArn, model, maxTokens: 100, endpoint };
  const found = await explain(policy, request, NOW);
  expect([found.refusal?.code, found.toolCalls]).toEqual([code, toolCalls]);
  expect(found.overflowTo).toEqual([]);
});

test('an agent is explained with its model and the money of its tools', async () => {
  const of = (model: string) =>
    explain(policy, { callerArn, model, maxTokens: 100, endpoint: 'agents' }, NOW);
  const [plain, searching] = [await of(HELPER.id), await of(SEARCHER.id)];
  expect(searching.model).toEqual({
    ...{ asked: SEARCHER.id, id: 'mistral-small-2603', ofAgent: 'mistral-small-latest' },
  });
  const most = plain.reservesNanos ?? 0;
  expect(searching.reservesNanos).toBe(3 * most + 2 * 30_000_000);
});
