import { describe, expect, test } from 'vitest';
import type { AccessGrant } from '../../../governance/access/access.js';
import { AnswerMeter } from '../../../governance/metering/answer-meter.js';
import { demandOf } from '../../../governance/metering/demand.js';
import type { MeteredKind } from '../../../governance/metering/endpoints.js';
import { type ParsedBody, parseRequestBody } from '../../../governance/metering/request-body.js';
import { createTariff } from '../../../governance/metering/tariff.js';
import { writeRequestBody } from '../../../governance/metering/written-body.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';
import { aDemand } from '../../support/client-demand.js';
import { anEndpoint } from '../../support/endpoints.js';

const START = 'conversation-start';
const TURN = 'conversation-turn';
const ID = 'ag_0684fddbd2b1724980008a9c04b7ba37';
const WITH_TOOLS = { id: ID, model: 'm', nanosPerToolCall: 30_000_000, toolCalls: 4 };
const WITHOUT = { ...WITH_TOOLS, nanosPerToolCall: undefined, toolCalls: 0 };

function parsed(fields: object | string, kind: MeteredKind, passUnknown = false) {
  const text = typeof fields === 'string' ? fields : JSON.stringify(fields);
  return parseRequestBody(Buffer.from(text), anEndpoint(kind), passUnknown);
}

function sent(fields: object | string, kind: MeteredKind): string {
  const body = parsed(fields, kind);
  if (body.kind === 'problem') throw new Error(body.message);
  return writeRequestBody(body, 'exact', 500, 'arn:aws:iam::1:user/u').bytes.toString();
}

describe('a body', () => {
  const said = { inputs: 'why?' };

  test.each<[what: string, kind: MeteredKind, fields: object | string, written: string]>([
    [
      'of an agent gets the limit',
      'agent',
      { agent_id: ID, messages: [] },
      `{"agent_id":"${ID}","max_tokens":500,"messages":[]}`,
    ],
    [
      'of an agent gets it in place of its own',
      'agent',
      { max_completion_tokens: 9, agent_id: ID, messages: [], model: null },
      `{"max_tokens":500,"agent_id":"${ID}","messages":[]}`,
    ],
    [
      'that starts a conversation gets limit, model and who runs handoffs',
      START,
      { model: 'alias', ...said },
      '{"model":"exact","inputs":"why?","completion_args":{"max_tokens":500},"handoff_execution":"client"}',
    ],
    [
      'has the limit among its arguments',
      START,
      '{"completion_args" : { "top_p":1e-1, "max_tokens" :7,"stop":"\\u00e9" },"model":"m","inputs":""}',
      '{"completion_args" : {"max_tokens":500, "top_p":1e-1,"stop":"\\u00e9" },"model":"exact","inputs":"","handoff_execution":"client"}',
    ],
    [
      'loses nulls that the API does not take, also of arguments without others',
      START,
      {
        inputs: 'x',
        completion_args: { tool_choice: null, max_tokens: 7 },
        agent_id: ID,
        model: null,
      },
      `{"inputs":"x","completion_args":{"max_tokens":500},"agent_id":"${ID}","handoff_execution":"client"}`,
    ],
    [
      'lets no agent run another',
      TURN,
      { handoff_execution: 'server', ...said, completion_args: null },
      '{"handoff_execution":"client","inputs":"why?","completion_args":{"max_tokens":500}}',
    ],
    [
      'of nothing',
      TURN,
      '{"inputs":null}',
      '{"completion_args":{"max_tokens":500},"handoff_execution":"client"}',
    ],
    [
      'keeps what it stores',
      TURN,
      { ...said, store: false, stream: true },
      '{"inputs":"why?","store":false,"stream":true,"completion_args":{"max_tokens":500},"handoff_execution":"client"}',
    ],
  ])('%s', (_what, kind, fields, written) => {
    expect(sent(fields, kind)).toBe(written);
  });

  const model = 'm';
  const tools = (tool: object) => ({ ...said, agent_id: ID, tools: [tool] });
  test.each<[kind: MeteredKind, fields: object, problem: string]>([
    ['agent', { messages: [] }, 'agent_id must be the id of an agent'],
    ['agent', { messages: [], agent_id: 7 }, 'agent_id must be the id of an agent'],
    ['agent', { messages: [], model }, 'agent_id must be the id of an agent'],
    ['agent', { messages: [], agent_id: ID, model }, 'model and agent_id exclude each other'],
    ['agent', { messages: [], agent_id: ID, guardrails: [{}] }, 'guardrails is not allowed'],
    ['agent', { messages: [], agent_id: ID, temperature: 0 }, 'temperature is not a field of'],
    [START, said, 'model must be the name of a model, or agent_id the id of an agent'],
    [START, { ...said, model, agent_id: ID }, 'model and agent_id exclude each other'],
    [
      START,
      { ...said, agent_id: ID, agent_version: 3 },
      'agent_version is not allowed: it selects',
    ],
    [START, { ...said, model, guardrails: [{}] }, 'guardrails is not allowed'],
    [START, { ...said, model, max_tokens: 7 }, 'max_tokens is not a field of /v1/conversations'],
    [
      START,
      { ...said, model, completion_args: { max_tokens: '7' } },
      'completion_args.max_tokens "7" must be a whole number of tokens',
    ],
    [START, { ...said, model, completion_args: [] }, 'completion_args must be an object'],
    [START, { ...said, model, completion_args: { n: 2 } }, 'completion_args.n is not a field'],
    [START, { ...said, model, handoff_execution: 'both' }, 'handoff_execution must be "client"'],
    [
      START,
      { model, inputs: [{ type: 'agent.handoff' }] },
      'inputs[0].type "agent.handoff" is not',
    ],
    [
      START,
      { model, inputs: [{ role: 'user', content: [{ type: 'tool_file', file_id: 'f' }] }] },
      'inputs[0].content[0].type "tool_file" is not allowed',
    ],
    [START, tools({ type: 'document_library', library_ids: ['l'] }), 'tools[0].type "document_li'],
    [START, tools({ type: 'web_search', function: {} }), 'tools[0].function is not a field'],
    [TURN, { ...said, agent_id: ID }, 'agent_id is not allowed'],
    [TURN, { ...said, model }, 'model is not a field'],
    [TURN, { ...said, tools: [] }, 'tools is not a field'],
    [TURN, { ...said, conversation_id: 'c' }, 'conversation_id is not allowed'],
  ])('of %s: %j is refused', (kind, fields, problem) => {
    expect(parsed(fields, kind)).toMatchObject({
      kind: 'problem',
      message: expect.stringContaining(problem),
    });
  });

  test('has what a handoff needs in no case, no matter what the policy lets pass', () => {
    const inputs = [{ type: 'agent.handoff', next_agent_id: 'ag_other' }];
    expect(parsed({ model, inputs }, START, true)).toMatchObject({ kind: 'problem' });
  });

  test.each(['message.input', undefined])('has messages of type %s', (type) => {
    const image = { type: 'image_url', image_url: `data:image/png;base64,${'A'.repeat(9000)}` };
    const inputs = [{ type, role: 'user', content: [image] }];
    const body = parsed({ model, inputs }, START) as ParsedBody;
    expect(body).toMatchObject({ images: 1, hasMedia: false });
    expect(body.promptBytes).toBeLessThan(300);
  });
});

describe('the bound', () => {
  const CONTEXT = 8000;
  const grant: AccessGrant = { ...aDemand().grant, maxTokens: 100 };

  function bound(kind: MeteredKind, fields: object, agent = grant.agent) {
    const body = parsed(fields, kind) as ParsedBody;
    const models = { contextTokens: () => CONTEXT };
    return demandOf(body, body.promptBytes, kind, { ...grant, agent }, models);
  }

  test('of a conversation that starts with a model is that of a chat', () => {
    const { promptTokens, completionTokens, toolCalls } = bound(START, {
      model: 'm',
      inputs: 'x'.repeat(100),
    });
    expect(promptTokens).toBeLessThan(250);
    expect([completionTokens, toolCalls]).toEqual([100, 0]);
  });

  test.each<[MeteredKind, object]>([
    ['agent', { agent_id: ID, messages: [] }],
    [START, { agent_id: ID, inputs: 'x' }],
    [TURN, { inputs: 'x' }],
  ])('of %s is the context, of which Mistral keeps a part', (kind, fields) => {
    const agent = kind === TURN ? undefined : WITHOUT;
    expect(bound(kind, fields, agent)).toMatchObject({
      ...{ promptTokens: CONTEXT, completionTokens: 100, toolCalls: 0, staysHome: true },
    });
  });

  test.each([
    ['a limit of the policy', 3000, 'x', 3000],
    ['what the body has, where that is more', 200, 'x'.repeat(1000), 1000],
    ['the context, where the limit is more', 9000, 'x', CONTEXT],
  ])('of a conversation is %s', (_what, conversationTokens, inputs, least) => {
    const body = parsed({ inputs }, TURN) as ParsedBody;
    const bounds = { ...grant.bounds, conversationTokens };
    const models = { contextTokens: () => CONTEXT };
    const { promptTokens } = demandOf(body, body.promptBytes, TURN, { ...grant, bounds }, models);
    expect(promptTokens).toBeGreaterThanOrEqual(least);
    expect(promptTokens).toBeLessThan(least + 150);
  });

  test('of an agent with tools at Mistral is a context and an answer more for each call', () => {
    expect(bound('agent', { agent_id: ID, messages: [], n: 2 }, WITH_TOOLS)).toMatchObject({
      ...{ promptTokens: 5 * CONTEXT, completionTokens: 5 * 2 * 100, toolCalls: 4 },
    });
  });
});

describe('the charge', () => {
  const tariff = createTariff(createPriceBook(aPolicy()));
  const demand = aDemand({ toolCalls: 4, grant: { ...aDemand().grant, agent: WITH_TOOLS } });
  const tokens = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  // At 0.15 and 0.60 dollars a million tokens.
  const COST = 100 * 150 + 10 * 600;

  test('is bounded by the calls that are reserved', () => {
    const without = tariff.bound({ ...demand, toolCalls: 0 }) ?? 0;
    expect(tariff.bound(demand)).toBe(without + 4 * 30_000_000);
  });

  test.each<[what: string, usage: object, calls: number]>([
    ['calls of two tools', { connectors: { web_search: 2, code_interpreter: 1 } }, 3],
    ['more calls than were reserved', { connectors: { web_search: 9 } }, 9],
    ['no calls', { connectors: null }, 0],
    ['no calls by an empty object', { connectors: {} }, 0],
    ['calls that are not reported, which are as many as are reserved', {}, 4],
    ['a count that is none', { connectors: { web_search: -1, image_generation: 1 } }, 4],
  ])('has %s', (_what, usage, calls) => {
    const charge = tariff.charge(demand, { ...tokens, ...usage });
    expect(charge).toMatchObject({ cost: COST + calls * 30_000_000, tokens: 110 });
  });

  test.each([
    ['within the total', { total_tokens: 610 }],
    ['beside the total', { total_tokens: 110 }],
  ])('has what tools gave to read, %s, at the higher price', (_what, total) => {
    const usage = { ...tokens, ...total, connector_tokens: 500, connectors: null };
    expect(tariff.charge(demand, usage)).toMatchObject({ cost: COST + 500 * 600, tokens: 610 });
  });

  test('is what was reserved, where a tool ran that has no price', () => {
    const unpriced = aDemand({ grant: { ...aDemand().grant, agent: WITHOUT } });
    const usage = { ...tokens, connectors: { web_search: 1 } };
    expect(tariff.charge(unpriced, usage)).toBeUndefined();
    expect(tariff.charge(unpriced, { ...tokens, connectors: null })?.cost).toBe(COST);
  });
});

describe('a stream', () => {
  const event = (type: string, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, created_at: '2026-11-29T09:00:00Z', ...more })}\n\n`;
  const started = event('conversation.response.started', { conversation_id: 'conv_1' });
  const delta = (content: unknown) => event('message.output.delta', { id: 'm', content });

  function seen(text: string, everyByte = false) {
    const meter = new AnswerMeter(true);
    const bytes = Buffer.from(text);
    const chunks = everyByte ? Array.from(bytes, (byte) => Buffer.from([byte])) : [bytes];
    for (const chunk of chunks) meter.see(chunk);
    return meter.answer;
  }

  test.each<[what: string, text: string, tokens: number]>([
    ['nothing but its id', started, 1],
    ['short text', started + delta('a'), 2],
    ['long text', started + delta('x'.repeat(5000)), 5001],
    ['text in parts', started + delta({ type: 'text', text: 'x'.repeat(300) }), 305],
    ['text that breaks off', (started + delta('x'.repeat(5000))).slice(0, -1000), 4005],
    [
      'the arguments of a function',
      event('function.call.delta', { id: 'f', name: 'f', arguments: '{}'.repeat(200) }),
      400,
    ],
  ])('has at least the tokens of %s', (_what, text, tokens) => {
    const { deliveredTokens } = seen(text);
    expect(deliveredTokens).toBeGreaterThanOrEqual(tokens);
    expect(deliveredTokens).toBeLessThan(tokens * 1.1 + 12);
    expect(seen(text, true)).toEqual(seen(text));
  });

  test('ends with its usage', () => {
    const usage = { total_tokens: 9, connectors: { web_search: 1 }, connector_tokens: 3 };
    const text = started + delta('a') + event('conversation.response.done', { usage });
    expect(seen(text)).toMatchObject({ usage, hasFailed: false });
    expect(seen(text, true)).toEqual(seen(text));
  });

  test('ends with an error', () => {
    const failed = event('conversation.response.error', { message: 'overloaded', code: 3000 });
    expect(seen(started + failed)).toMatchObject({ hasFailed: true, usage: undefined });
  });
});
