import type { Mistral } from '@mistralai/mistralai';
import { describe, expect, test } from 'vitest';
import { createObjectStore } from '../../governance/objects/object-store.aws.js';
import type { ObjectStore } from '../../governance/objects/objects.js';
import { OBJECT_INDEXES } from '../../governance/policy/object-indexes.js';
import {
  agentsWorld,
  CENTS_3,
  HELPER,
  mistralWithAgents,
  SEARCHER,
} from '../support/agents-world.js';
import type { policyDocument } from '../support/builders.js';
import { CALLER_HEADER, type Script, session } from '../support/gateway-world.js';
import { newTableForEach } from '../support/table.js';

let store: ObjectStore;
newTableForEach((local, table) => {
  store = createObjectStore(local.client, table);
}, Object.values(OBJECT_INDEXES));

const MODEL = 'mistral-small-latest';

function world(
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
  script: Script = mistralWithAgents(),
  objects: ObjectStore = store,
) {
  // Two roles that are in one workspace, and may use the same models.
  const shared = (document: ReturnType<typeof policyDocument>) => {
    document.roles.analyst.dailyTokens = 500_000;
    for (const caller of document.callers) caller.workspace = 'dev-workspace';
    change(document);
  };
  return agentsWorld(shared, script, objects);
}

type Started = Awaited<ReturnType<Mistral['beta']['conversations']['start']>>;

interface Said {
  readonly code: string;
  readonly param: string;
}

const start = (client: Mistral, more: object = { model: MODEL }): Promise<Started> =>
  client.beta.conversations.start({ inputs: 'why?', ...more });

/** The names of a stream's events, and of its first and last what matters. */
async function read(stream: AsyncIterable<{ readonly event: string; readonly data: unknown }>) {
  const names: string[] = [];
  let all: { conversationId?: string; usage?: Partial<Started['usage']> } = {};
  for await (const { event, data } of stream) {
    names.push(event);
    all = { ...all, ...(data as object) };
  }
  const { conversationId = '', usage = {} } = all;
  return { names, conversationId, usage };
}

describe('by the official SDK', () => {
  test('a conversation starts, goes on, is shown, and starts again from an entry', async () => {
    const { as, sent } = await world();
    const { conversations } = as('developer').beta;

    const { conversationId, outputs, usage } = await start(as('developer'));
    const next = await conversations.append({
      ...{ conversationId, conversationAppendRequest: { inputs: 'and then?' } },
    });

    expect(next.conversationId).toBe(conversationId);
    expect(next.usage.promptTokens).toBeGreaterThan(usage.promptTokens ?? 0);
    expect(await conversations.get({ conversationId })).toMatchObject({
      ...{ id: conversationId, model: 'mistral-small-2603' },
    });
    const { entries } = await conversations.getHistory({ conversationId });
    expect(entries).toHaveLength(4);
    expect((await conversations.getMessages({ conversationId })).messages).toHaveLength(4);

    const again = await conversations.restart({
      conversationId,
      conversationRestartRequest: {
        ...{ fromEntryId: (outputs[0] as { id: string }).id, inputs: 'no' },
        ...{ metadata: { tries: 2 } },
      },
    });
    expect(again.conversationId).not.toBe(conversationId);

    const listed = await conversations.list({});
    expect(listed.map((one) => one.id)).toEqual(
      expect.arrayContaining([conversationId, again.conversationId]),
    );
    expect(listed).toHaveLength(2);
    expect(await conversations.list({ metadata: { tries: 2 } })).toMatchObject([
      { id: again.conversationId, metadata: { tries: 2 }, model: 'mistral-small-2603' },
    ]);

    await conversations.delete({ conversationId });
    await expect(conversations.get({ conversationId })).rejects.toMatchObject({ statusCode: 404 });
    expect((await conversations.list({})).map((one) => one.id)).toEqual([again.conversationId]);

    const bodies = sent()
      .filter(({ body }) => body.inputs)
      .map(({ body }) => body);
    for (const body of bodies) {
      expect(body).toMatchObject({
        ...{ completion_args: { max_tokens: 2000 }, handoff_execution: 'client' },
      });
    }
    expect(bodies).toHaveLength(3);
  });

  test('streams, each with its id first and its usage last', async () => {
    const { as, spent } = await world();
    const { conversations } = as('developer').beta;

    const { names, conversationId, usage } = await read(
      await conversations.startStream({ inputs: 'why?', model: MODEL }),
    );

    expect(names).toEqual([
      'conversation.response.started',
      ...['message.output.delta', 'message.output.delta', 'message.output.delta'],
      'conversation.response.done',
    ]);
    const cost = ({ promptTokens = 0, completionTokens = 0 }: Partial<Started['usage']>) =>
      promptTokens * 150 + completionTokens * 600;
    expect(await spent()).toBe(cost(usage));

    const more = await read(
      await conversations.appendStream({
        ...{ conversationId, conversationAppendStreamRequest: { inputs: 'and?' } },
      }),
    );
    expect(await spent()).toBe(cost(usage) + cost(more.usage));

    const { entries } = await conversations.getHistory({ conversationId });
    const fromEntryId = (entries[0] as { id: string }).id;
    const again = await read(
      await conversations.restartStream({
        ...{ conversationId, conversationRestartStreamRequest: { fromEntryId, inputs: 'no' } },
      }),
    );
    expect(await conversations.get(again)).toMatchObject({ id: again.conversationId });
  });

  test('an agent is asked with its own price, and its tools cost what is reported', async () => {
    const { as, spent, sent } = await world();

    const { conversationId, usage } = await start(as('developer'), { agentId: SEARCHER.id });
    const { promptTokens = 0, completionTokens = 0, totalTokens = 0 } = usage;
    expect(usage.connectors).toEqual({ web_search: 1 });
    const found = totalTokens - promptTokens - completionTokens;
    expect(found).toBe(500);
    const cost = promptTokens * 150 + (completionTokens + found) * 600 + CENTS_3;
    expect(await spent()).toBe(cost);

    await as('developer').beta.conversations.append({
      ...{ conversationId, conversationAppendRequest: { inputs: 'and then?' } },
    });
    expect(await spent()).toBeGreaterThan(cost + CENTS_3);
    expect(sent()[1]?.body).not.toHaveProperty('agent_id');
  });
});

const OPERATIONS: readonly [method: string, path: string, body?: object][] = [
  ['GET', ''],
  ['GET', '/history'],
  ['GET', '/messages'],
  ['DELETE', ''],
  ['POST', '', { inputs: 'x' }],
  ['POST', '', { inputs: 'x', stream: true }],
  ['POST', '/restart', { inputs: 'x', from_entry_id: 'e' }],
];

function calling(url: string, role: string) {
  return (method: string, path: string, body?: object | string) =>
    fetch(`${url}/v1/conversations${path}`, {
      method,
      headers: { [CALLER_HEADER]: session(role), 'content-type': 'application/json' },
      ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
}

describe('a conversation belongs to the caller that started it', () => {
  test.each(OPERATIONS)('%s %s of another is answered as of none', async (method, path, body) => {
    const { as, url, received } = await world();
    const { conversationId } = await start(as('developer'));
    const before = received.length;
    const ask = calling(url, 'analyst');

    const other = await ask(method, `/${conversationId}${path}`, body);
    const none = await ask(method, `/conv_none${path}`, body);

    expect(other.status).toBe(404);
    expect([other.status, await other.json()]).toEqual([none.status, await none.json()]);
    expect(received).toHaveLength(before);
    const own = await calling(url, 'developer')('GET', `/${conversationId}`);
    expect(own.status).toBe(200);
  });

  test('and is in the list of no other', async () => {
    const { as } = await world();
    await start(as('developer'));
    const { conversationId } = await start(as('analyst'));
    const listed = await as('analyst').beta.conversations.list({});
    expect(listed.map((one) => one.id)).toEqual([conversationId]);
  });

  test('or to its workspace, where the roles share', async () => {
    const { as } = await world((document) => {
      document.roles.analyst.sharedObjects = 'workspace';
      document.roles.developer.sharedObjects = 'workspace';
    });
    const { conversationId } = await start(as('developer'));
    const next = await as('analyst').beta.conversations.append({
      ...{ conversationId, conversationAppendRequest: { inputs: 'x' } },
    });
    expect(next.conversationId).toBe(conversationId);
  });

  test('and goes on under the rules of now: an agent that was taken away is not asked', async () => {
    const script = mistralWithAgents();
    const before = await world(() => {}, script);
    const { conversationId } = await start(before.as('developer'), { agentId: HELPER.id });
    const after = await world((document) => (document.roles.developer.agents = []), script);

    const answer = await calling(after.url, 'developer')('POST', `/${conversationId}`, {
      inputs: 'x',
    });

    expect([answer.status, ((await answer.json()) as Said).code]).toEqual([
      403,
      'agent_not_allowed',
    ]);
    expect(after.received).toEqual([]);
  });

  test.each([
    ['what Mistral deleted', 'POST', { inputs: 'x' }],
    ['what Mistral deleted, as a stream', 'POST', { inputs: 'x', stream: true }],
  ])('%s is not there', async (_what, method, body) => {
    const { as, url } = await world();
    const { conversationId } = await start(as('developer'));
    const none = await calling(url, 'developer')(method, '/conv_none', body);
    await calling(url, 'developer')('DELETE', `/${conversationId}`);
    const gone = await calling(url, 'developer')(method, `/${conversationId}`, body);
    expect([gone.status, await gone.json()]).toEqual([none.status, await none.json()]);
  });
});

describe('no caller sees the id of a conversation that is not recorded as its own', () => {
  const failing = (how: 'lost' | 'of another caller'): ObjectStore => ({
    ...store,
    write: async () => {
      if (how === 'lost') throw new Error('lost');
      return 'of another caller';
    },
  });

  test.each([
    ['lost', false],
    ['lost', true],
    ['of another caller', false],
    ['of another caller', true],
  ] as const)('%s, stream: %s', async (how, stream) => {
    const { url, received, spent } = await world(() => {}, mistralWithAgents(), failing(how));

    const answer = await calling(url, 'developer')('POST', '', {
      model: MODEL,
      inputs: 'x',
      stream,
    });

    const text = await answer.text();
    expect(answer.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ code: 'objects_unavailable' });
    expect(text).not.toContain('conv_');
    // What was lost is deleted; what is another caller's is not.
    const deleted = received.filter(({ method }) => method === 'DELETE');
    expect(deleted).toHaveLength(how === 'lost' ? 1 : 0);
    expect(await spent()).toBeGreaterThan(0);
  });

  test('its answer waits for the record, and has all of it then', async () => {
    let written = () => {};
    const slow: ObjectStore = {
      ...store,
      write: async (record) => {
        await new Promise<void>((resolve) => {
          written = resolve;
        });
        return store.write(record);
      },
    };
    const { url } = await world(() => {}, mistralWithAgents(), slow);
    let isAnswered = false;
    const asking = calling(url, 'developer')('POST', '', {
      ...{ model: MODEL, inputs: 'x', stream: true },
    }).then((answer) => {
      isAnswered = true;
      return answer.text();
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    written();
    const text = await asking;
    expect(text).toContain('conversation.response.started');
    expect(text).toMatch(/conversation\.response\.done.*\n\n$/s);
  });

  test('what a model writes is not taken for its id', async () => {
    const script: Script = (response, { url }) => {
      if (url !== '/v1/conversations') return response.writeHead(404).end('{}');
      const call = { type: 'function.call', arguments: { conversation_id: 'conv_victim' } };
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      const body = { outputs: [call], usage, conversation_id: 'conv_own' };
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(body));
    };
    const { url } = await world(() => {}, script);
    const ask = calling(url, 'developer');
    expect((await ask('POST', '', { model: MODEL, inputs: 'x' })).status).toBe(200);
    const list = (await (await ask('GET', '')).json()) as { id: string }[];
    expect(list.map(({ id }) => id)).toEqual(['conv_own']);
  });

  test('one that Mistral does not keep is not recorded', async () => {
    const { as } = await world();
    const { conversationId } = await start(as('developer'), { model: MODEL, store: false });
    expect(await as('developer').beta.conversations.list({})).toEqual([]);
    const get = as('developer').beta.conversations.get({ conversationId });
    await expect(get).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe('refused are', () => {
  test.each<[what: string, body: object | string, status: number, error: object]>([
    ['a body that is none', '[', 400, { code: 'invalid_request' }],
    [
      'no model and no agent',
      { inputs: 'x' },
      422,
      { message: 'model must be the name of a model, or agent_id the id of an agent' },
    ],
    [
      'tools at Mistral without an agent',
      { inputs: 'x', model: MODEL, tools: [{ type: 'web_search' }] },
      422,
      {
        message:
          'tools has "web_search", which runs at Mistral and is billed by the call: only agents have a pricePerToolCall in the policy',
      },
    ],
    [
      'more tokens than the role may have',
      { inputs: 'x', model: MODEL, completion_args: { max_tokens: 9000 } },
      403,
      { code: 'max_tokens_exceeded', param: 'completion_args.max_tokens' },
    ],
    ['an agent of no role', { inputs: 'x', agent_id: 'ag_x' }, 403, { code: 'agent_not_allowed' }],
  ])('%s', async (_what, body, status, error) => {
    const { url, received } = await world();
    const answer = await calling(url, 'developer')('POST', '', body);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining(error)]);
    expect(received).toEqual([]);
  });

  test.each([
    '/conv%2Fx',
    '/..%2F..%2Ffiles',
    '/%00',
    '/conv_1%0d%0ax: y',
    `/${'c'.repeat(200)}`,
    '/-',
  ])('the id in %s, as one that is not there', async (path) => {
    const { url, received } = await world();
    const answer = await calling(url, 'developer')('POST', path, { inputs: 'x' });
    expect([404, 405]).toContain(answer.status);
    expect(received).toEqual([]);
  });

  test('confirmations of tools that have no price', async () => {
    const { as, url } = await world();
    const { conversationId } = await start(as('developer'));
    const body = { tool_confirmations: [{ tool_call_id: 't', confirmation: 'allow' }] };
    const answer = await calling(url, 'developer')('POST', `/${conversationId}`, body);
    expect([answer.status, ((await answer.json()) as Said).param]).toEqual([
      422,
      'tool_confirmations',
    ]);
  });
});
