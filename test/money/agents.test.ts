import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../governance/objects/objects.js';
import { agentsWorld, CENTS_3, HELPER, SEARCHER } from '../support/agents-world.js';
import type { policyDocument } from '../support/builders.js';
import { CALLER_HEADER, type Script, session } from '../support/gateway-world.js';

// What Mistral would bill for agents and conversations, whole or broken off at any place, is settled. Its books
// are written here again: they know nothing of the product.

const INPUT = 150;
const OUTPUT = 600;
const PROMPT = 50;
const OF_TOOL = 500;
const WORDS = Array.from({ length: 40 }, (_, at) => `word-${at} `);

type Place = 'the head' | 'the first event' | 'the tools' | 'the middle' | 'nowhere';
type Way =
  | 'the caller leaves'
  | 'Mistral breaks off'
  | 'an error comes'
  | 'no usage comes'
  | 'all comes';

interface Plan {
  readonly path: '/v1/agents/completions' | '/v1/conversations';
  readonly stream: boolean;
  /** How often a tool runs at Mistral. */
  readonly calls: number;
  readonly place: Place;
  readonly way: Way;
}

const store: ObjectStore = {
  read: async () => undefined,
  write: async () => 'written',
  remove: async () => {},
  known: async () => new Set(),
  async *ownedBy() {},
  async *shared() {},
};

function mistral({ path, stream, calls, place, way }: Plan) {
  const books = { billed: 0 };
  let reached = () => {};
  const isThere = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const isConversation = path === '/v1/conversations';
  const usage = {
    prompt_tokens: isConversation ? PROMPT : PROMPT + calls * OF_TOOL,
    completion_tokens: WORDS.length,
    total_tokens: PROMPT + calls * OF_TOOL + WORDS.length,
    ...(isConversation && {
      connector_tokens: calls > 0 ? calls * OF_TOOL : null,
      connectors: calls > 0 ? { web_search: calls } : null,
    }),
  };
  const reported = way === 'no usage comes' ? {} : { usage };

  const script: Script = async (response, { method }) => {
    if (method !== 'POST') return response.writeHead(204).end();
    /** Whether the answer goes on here. */
    const goesOn = async (here: Place) => {
      if (here !== place) return response.writable;
      reached();
      if (way === 'Mistral breaks off') response.destroy();
      else if (way === 'the caller leaves') {
        await new Promise((resolve) => response.once('close', resolve));
      } else if (way === 'an error comes') {
        books.billed = calls * CENTS_3;
        response.end(
          `event: ${isConversation ? 'conversation.response.error' : 'error'}\ndata: ${JSON.stringify({ message: 'overloaded', code: 3000 })}\n\n`,
        );
      }
      return response.writable && !response.writableEnded;
    };
    books.billed = (PROMPT + calls * OF_TOOL) * INPUT;
    if (!stream) {
      books.billed += WORDS.length * OUTPUT + calls * CENTS_3;
      if (!(await goesOn('the head'))) return;
      const written = isConversation
        ? { outputs: [{ content: WORDS.join('') }], conversation_id: 'conv_1' }
        : { choices: [{ index: 0, message: { role: 'assistant', content: WORDS.join('') } }] };
      const text = JSON.stringify({ ...written, ...reported });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(text.slice(0, 100));
      if (!(await goesOn('the middle'))) return;
      response.end(text.slice(100));
      return;
    }
    const event = (type: string, more: object) => {
      const named = isConversation ? `event: ${type}\n` : '';
      return response.write(`${named}data: ${JSON.stringify({ type, ...more })}\n\n`);
    };
    if (!(await goesOn('the head'))) return;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (isConversation) event('conversation.response.started', { conversation_id: 'conv_1' });
    if (!(await goesOn('the first event'))) return;
    for (let call = 0; call < calls; call += 1) {
      books.billed += CENTS_3;
      if (isConversation) event('tool.execution.started', { name: 'web_search', arguments: '' });
    }
    if (!(await goesOn('the tools'))) return;
    for (const [at, content] of WORDS.entries()) {
      if (at === 20 && !(await goesOn('the middle'))) return;
      books.billed += OUTPUT;
      if (isConversation) event('message.output.delta', { content });
      else event('', { choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    }
    if (isConversation) event('conversation.response.done', reported);
    else event('', { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], ...reported });
    response.end(isConversation ? '' : 'data: [DONE]\n\n');
  };
  return { books, script, isThere };
}

const PLANS: readonly Plan[] = (['/v1/agents/completions', '/v1/conversations'] as const).flatMap(
  (path) =>
    [0, 2].flatMap((calls) => [
      ...(['the caller leaves', 'Mistral breaks off'] as const).flatMap((way) => [
        ...(['the head', 'the first event', 'the tools', 'the middle'] as const).map(
          (place): Plan => ({ path, stream: true, calls, place, way }),
        ),
        ...(['the head', 'the middle'] as const).map(
          (place): Plan => ({ path, stream: false, calls, place, way }),
        ),
      ]),
      ...(['the first event', 'the tools', 'the middle'] as const).map(
        (place): Plan => ({ path, stream: true, calls, place, way: 'an error comes' }),
      ),
      ...(['no usage comes', 'all comes'] as const).flatMap((way) =>
        [true, false].map((stream): Plan => ({ path, stream, calls, place: 'nowhere', way })),
      ),
    ]),
);

/** What is reserved: three contexts and answers, and two calls. */
const MOST = 3 * (10_000 * INPUT + 2000 * OUTPUT) + 2 * CENTS_3;

async function openBooks() {
  let current: ReturnType<typeof mistral> | undefined;
  const script: Script = (response, ...call) =>
    current ? current.script(response, ...call) : response.writeHead(404).end('{}');
  const unlimited = (document: ReturnType<typeof policyDocument>) => {
    document.workspaces[0].requestsPerMinute = 10_000;
    document.roles.developer.dailyTokens = 'unlimited';
  };
  const unawaited = { withinMs: 100, streamWithinMs: 5, atOnce: 8 };
  const { url, spent } = await agentsWorld(unlimited, script, store, unawaited);
  let before = 0;

  return async (plan: Plan, agent = SEARCHER) => {
    const { path, stream, way } = plan;
    current = mistral(plan);
    const { books, isThere } = current;
    const leaving = new AbortController();
    const asked = path === '/v1/conversations' ? { inputs: 'why?' } : { messages: [] };
    const answer = fetch(url + path, {
      method: 'POST',
      headers: { [CALLER_HEADER]: session('developer') },
      body: JSON.stringify({ agent_id: agent.id, stream, ...asked }),
      signal: leaving.signal,
    });
    const read = answer.then((one) => one.text()).catch(() => undefined);
    if (way === 'the caller leaves') {
      await Promise.race([isThere, read]);
      await wait(2);
      leaving.abort();
    }
    await read;
    let found = 0;
    do {
      await wait(2);
      found = (await spent()) - before;
    } while (found < Math.min(1, books.billed));
    before += found;
    return { billed: books.billed, found };
  };
}

test('no matter what ends an answer, no less is settled than Mistral bills, and no more than was reserved', async () => {
  const settled = await openBooks();
  for (const plan of PLANS) {
    const { billed, found } = await settled(plan);
    const of = JSON.stringify(plan);
    if (plan.way !== 'an error comes') expect(billed, of).toBeGreaterThan(0);
    expect(found, of).toBeGreaterThanOrEqual(billed);
    expect(found, of).toBeLessThanOrEqual(MOST);
  }
  expect(PLANS.length).toBeGreaterThan(60);
});

test.each([true, false])(
  'calls that were not reserved are settled where they are reported, stream: %s',
  async (stream) => {
    const settled = await openBooks();
    const plan = { path: '/v1/conversations', stream, calls: 9 } as const;
    const { billed, found } = await settled({ ...plan, place: 'nowhere', way: 'all comes' });
    expect(found).toBe(PROMPT * INPUT + (WORDS.length + 9 * OF_TOOL) * OUTPUT + 9 * CENTS_3);
    expect(found).toBeGreaterThanOrEqual(billed);
  },
);

test('calls of an agent without a price for them count as all that was reserved', async () => {
  const settled = await openBooks();
  const plan = { path: '/v1/conversations', stream: false, calls: 1 } as const;
  const { found } = await settled({ ...plan, place: 'nowhere', way: 'all comes' }, HELPER);
  expect(found).toBe(10_000 * INPUT + 2000 * OUTPUT);
});
