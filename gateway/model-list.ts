import { unknownCaller } from '../governance/metering/admission.js';
import type { Authorize } from '../governance/metering/metering.js';
import { type Problem, type ProblemAnswer, problem } from '../governance/metering/problem.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { GatewayContext } from './context.js';
import { type Forwarded, Forwarding } from './forwarding.js';
import type { Reply } from './reply.js';
import {
  errorForCaller,
  failureForCaller,
  internalError,
  keyUnavailable,
  nameOf,
} from './upstream-error.js';

type Card = Readonly<Record<string, unknown>> & { readonly id: string };

type Listed = { readonly kind: 'listed'; readonly cards: readonly Card[] };
type Fetched = Listed | Problem | ProblemAnswer;

/** The models that a caller may use: Mistral's own list, less what role or workspace rule out. */
export interface ModelList {
  answer(callerArn: string | undefined, name: string | undefined): Promise<Problem | ProblemAnswer>;
}

const KEPT_MS = 60_000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;

export function createModelList(context: GatewayContext): ModelList {
  const kept = new Map<string, { readonly at: number; readonly list: Promise<Fetched> }>();

  /** One request for all callers of a workspace in a minute: the list costs no quota. */
  async function listOf(workspace: string): Promise<Fetched> {
    const at = context.now().getTime();
    const known = kept.get(workspace);
    if (known && at - known.at < KEPT_MS) return known.list;
    const list = fetchList(context, workspace);
    kept.set(workspace, { at, list });
    const fetched = await list.catch(() => undefined);
    if (fetched && 'kind' in fetched && fetched.kind === 'listed') return fetched;
    kept.delete(workspace);
    return list;
  }

  return {
    async answer(callerArn, name) {
      if (callerArn === undefined) return unknownCaller();
      const workspace = workspaceOf(context, callerArn, name);
      if (typeof workspace !== 'string') return workspace;
      const fetched = await listOf(workspace);
      if (!('kind' in fetched) || fetched.kind === 'problem') return fetched;
      const allowed = fetched.cards.filter(({ id }) => isAllowed(context.authorize, callerArn, id));
      if (name === undefined) return json({ object: 'list', data: allowed });
      const card = allowed.find((one) => isNamed(one, name));
      if (card) return json(card);
      return problem('model_not_allowed', `model "${name}" is not served by Mistral`);
    },
  };
}

/** Where a caller belongs: told by any grant, and by its refusal where there is none. */
function workspaceOf(
  { authorize, models }: GatewayContext,
  callerArn: string,
  name: string | undefined,
): string | Problem {
  let refusal: Problem | undefined;
  for (const model of name === undefined ? models.ids : [name]) {
    const access = authorize(callerArn, { model, maxTokens: undefined });
    if (access.kind === 'allow') return access.workspace;
    refusal ??= problem(access.code, access.message);
  }
  return refusal ?? internalError();
}

function isAllowed(authorize: Authorize, callerArn: string, model: string): boolean {
  return authorize(callerArn, { model, maxTokens: undefined }).kind === 'allow';
}

function isNamed({ id, aliases }: Card, name: string): boolean {
  return id === name || (Array.isArray(aliases) && aliases.includes(name));
}

async function fetchList(context: GatewayContext, workspace: string): Promise<Fetched> {
  const { keys, alerts } = context;
  let key = await keyInCharge(context, workspace);
  if ('kind' in key) return key;
  let answer = await get(context, key);
  if (answer.kind === 'answered' && answer.status === 401) {
    const other = await keys.instead(workspace, [key]);
    if (other) {
      key = other;
      answer = await get(context, other);
    }
  }
  if (answer.kind === 'listed' || answer.kind === 'problem') return answer;
  if (answer.status !== 401) return errorForCaller(answer, key, context.now());
  alerts.unauthorized(workspace);
  const what = `Mistral refuses the key of workspace "${workspace}"; on-call has been told`;
  return problem('upstream_unauthorized', what);
}

async function keyInCharge(
  { log, keys }: GatewayContext,
  workspace: string,
): Promise<ApiKey | Problem> {
  try {
    return await keys.current(workspace);
  } catch (error) {
    log.error('key not read', { reason: nameOf(error), workspace });
    return keyUnavailable(workspace);
  }
}

type Got = Listed | Problem | Extract<Forwarded, { kind: 'answered' }>;

function get({ upstream, stallMs }: GatewayContext, key: ApiKey): Promise<Got> {
  return new Promise((resolve) => {
    const reply = new Collected();
    const forwarding = new Forwarding(key, reply, stallMs, {
      isOverflow: false,
      forwarded(outcome) {
        if (outcome.kind === 'answered') resolve(outcome);
        else if (outcome.kind === 'delivered') resolve(reply.read(outcome.lastChunk));
        else resolve(failureForCaller(outcome.reason));
      },
      stalled() {},
    });
    reply.onTooLong = () => {
      forwarding.abandon();
      resolve(unreadable());
    };
    const request = { method: 'GET', path: '/v1/models', accept: 'application/json' } as const;
    upstream.dispatch({ ...request, key, body: undefined }, forwarding);
  });
}

/** Takes an answer to read it instead of passing it on. */
class Collected implements Reply {
  started = false;
  onTooLong = () => {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  start(): void {
    this.started = true;
  }
  flushHead(): void {}
  onceDrained(): void {}
  end(): void {}
  destroy(): void {}

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_LIST_BYTES) this.onTooLong();
    else this.#chunks.push(chunk);
    return true;
  }

  read(lastChunk: Buffer = Buffer.alloc(0)): Listed | Problem {
    const cards = cardsOf(Buffer.concat([...this.#chunks, lastChunk]).toString('utf8'));
    return cards ? { kind: 'listed', cards } : unreadable();
  }
}

function cardsOf(text: string): Card[] | undefined {
  try {
    const { data } = JSON.parse(text);
    return Array.isArray(data) ? data.filter(isCard) : undefined;
  } catch {
    return undefined;
  }
}

function isCard(value: unknown): value is Card {
  return (
    typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
  );
}

function unreadable(): Problem {
  return problem('upstream_unavailable', 'Mistral answered with no list of models', {
    retryAfterSeconds: 1,
  });
}

function json(value: unknown): ProblemAnswer {
  const body = Buffer.from(JSON.stringify(value));
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  return { status: 200, headers, body };
}
