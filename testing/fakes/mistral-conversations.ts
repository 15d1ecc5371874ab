import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import {
  AppendSchema,
  ConversationSchema,
  type Entry,
  RestartSchema,
  type Turn,
} from './mistral-agent-requests.js';
import { type Used, WORDS } from './mistral-answers.js';
import type { FakeKey } from './mistral-keys.js';

/** An agent as Mistral keeps it. */
export interface FakeAgent {
  readonly id: string;
  readonly model: string;
  /** Run at Mistral, each of them once in every answer. */
  readonly tools?: readonly string[];
}

interface Conversation {
  readonly id: string;
  readonly workspaceId: string;
  readonly model: string;
  readonly agentId: string | undefined;
  readonly createdAt: string;
  entries: Entry[];
}

interface Parts {
  readonly agents: () => readonly FakeAgent[];
  readonly idOf: (model: string) => string | undefined;
  readonly bill: (key: FakeKey, model: string, prompt: number, completion: number) => Used;
  readonly now: () => Date;
}

/** What each tool that runs at Mistral gives the model to read. */
const TOKENS_OF_TOOL = 500;
const BYTES_PER_TOKEN = 4;

/** Conversations as Mistral keeps them: every key of their workspace reaches them. */
export function createFakeConversations({ agents, idOf, bill, now }: Parts) {
  const conversations = new Map<string, Conversation>();
  let made = 0;
  const nextId = (kind: string) => {
    made += 1;
    return `${kind}_${String(made).padStart(32, '0')}`;
  };

  function start(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const request = ConversationSchema.parse(JSON.parse(body));
    const agent = agents().find(({ id }) => id === request.agent_id);
    const model = agent?.model ?? request.model;
    if (!model) return NOT_FOUND;
    return turn(key, request, begin(key, model, agent?.id), body.length);
  }

  function begin({ workspaceId }: FakeKey, model: string, agentId?: string): Conversation {
    const createdAt = now().toISOString();
    return { id: nextId('conv'), workspaceId, model, agentId, createdAt, entries: [] };
  }

  function turn(key: FakeKey, request: Turn, at: Conversation, bytes: number): HttpAnswer {
    const { model, agentId } = at;
    const id = idOf(model);
    if (!id) return jsonAnswer(400, { object: 'error', message: `Invalid model: ${model}` });
    const inputs: Entry[] =
      typeof request.inputs === 'string'
        ? [{ type: 'message.input', role: 'user', content: request.inputs }]
        : (request.inputs ?? []);
    const tools = agents().find((one) => one.id === agentId)?.tools ?? [];
    const outputs: Entry[] = [
      ...tools.map((name): Entry => ({ type: 'tool.execution', name, arguments: '{}' })),
      { type: 'message.output', role: 'assistant', content: WORDS },
    ];
    const prompt = Math.ceil((bytes + JSON.stringify(at.entries).length) / BYTES_PER_TOKEN);
    const limit = request.completion_args?.max_tokens ?? 64;
    const used = bill(key, id, prompt + tools.length * TOKENS_OF_TOOL, Math.min(limit, 3));
    const named = [...inputs, ...outputs].map((one) => ({ ...one, id: one.id ?? nextId('msg') }));
    at.entries = [...at.entries, ...named];
    if (request.store !== false) conversations.set(at.id, at);
    const usage = {
      ...used,
      prompt_tokens: prompt,
      connector_tokens: tools.length > 0 ? tools.length * TOKENS_OF_TOOL : null,
      connectors: tools.length > 0 ? Object.fromEntries(tools.map((name) => [name, 1])) : null,
    };
    if (request.stream === true) return streamedTurn(at.id, tools, usage, now());
    const written = named.slice(inputs.length).map((one) => ({ object: 'entry', ...one }));
    const conversation = { object: 'conversation.response', conversation_id: at.id };
    return jsonAnswer(200, { ...conversation, outputs: written, usage });
  }

  function card({ id, model, agentId, createdAt }: Conversation) {
    const fixed = { object: 'conversation', id, created_at: createdAt, updated_at: createdAt };
    return agentId === undefined ? { ...fixed, model } : { ...fixed, agent_id: agentId };
  }

  function one(key: FakeKey, call: HttpCall, id: string, part: string): HttpAnswer | undefined {
    const at = conversations.get(id);
    if (!at || at.workspaceId !== key.workspaceId) return NOT_FOUND;
    switch (`${call.method} ${part}`) {
      case 'GET ':
        return jsonAnswer(200, card(at));
      case 'DELETE ':
        conversations.delete(id);
        return { status: 204, headers: {}, body: '' };
      case 'GET history':
        return jsonAnswer(200, {
          ...{ object: 'conversation.history', conversation_id: id },
          entries: at.entries,
        });
      case 'GET messages':
        return jsonAnswer(200, {
          ...{ object: 'conversation.messages', conversation_id: id },
          messages: at.entries.filter(({ type }) => type.startsWith('message.')),
        });
      case 'POST ':
        return turn(key, AppendSchema.parse(JSON.parse(call.body)), at, call.body.length);
      case 'POST restart': {
        const request = RestartSchema.parse(JSON.parse(call.body));
        const from = at.entries.findIndex((entry) => entry.id === request.from_entry_id);
        if (from < 0) return NOT_FOUND;
        const again = begin(key, at.model, at.agentId);
        again.entries = at.entries.slice(0, from + 1);
        return turn(key, request, again, call.body.length);
      }
      default:
        return undefined;
    }
  }

  return {
    conversations,

    /** `undefined` for another endpoint. */
    answer(key: FakeKey, call: HttpCall): HttpAnswer | undefined {
      const [, root, id = '', part = '', more] =
        /^\/v1\/(conversations)(?:\/([^/]+))?(?:\/([^/]+))?(\/.*)?$/.exec(call.url.pathname) ?? [];
      if (root === undefined || more !== undefined) return undefined;
      if (id !== '') return one(key, call, decodeURIComponent(id), part);
      if (call.method === 'POST') return start(key, call);
      if (call.method !== 'GET') return undefined;
      const page = Number(call.url.searchParams.get('page') ?? 0);
      const size = Number(call.url.searchParams.get('page_size') ?? 100);
      const own = [...conversations.values()].filter((at) => at.workspaceId === key.workspaceId);
      return jsonAnswer(200, own.slice(page * size, (page + 1) * size).map(card));
    },
  };
}

const NOT_FOUND = jsonAnswer(404, { object: 'error', message: 'Conversation not found' });

/** Its id comes first, and what it used last. */
function streamedTurn(
  conversation_id: string,
  tools: readonly string[],
  usage: object,
  now: Date,
): HttpAnswer {
  const created_at = now.toISOString();
  const words = WORDS.match(/\S+\s*/g) ?? [];
  const events = [
    { type: 'conversation.response.started', created_at, conversation_id },
    ...tools.flatMap((name, index) => [
      { type: 'tool.execution.started', created_at, id: `t${index}`, name, arguments: '' },
      { type: 'tool.execution.done', created_at, id: `t${index}`, name, info: {} },
    ]),
    ...words.map((content) => ({ type: 'message.output.delta', created_at, id: 'm', content })),
    { type: 'conversation.response.done', created_at, usage },
  ];
  const body = events.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join('');
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
}
