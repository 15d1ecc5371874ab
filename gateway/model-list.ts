import { unknownCaller } from '../governance/metering/admission.js';
import {
  jsonAnswer,
  type Problem,
  problem,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { isObject, parseJson } from '../governance/platform/json.js';
import type { GatewayDeps } from './gateway-deps.js';
import {
  errorForCaller,
  failureForCaller,
  internalError,
  keyRejected,
  keyUnavailable,
} from './problems.js';
import type { UpstreamHeaders } from './response-headers.js';
import { failureOf, type UpstreamAnswer } from './upstream.js';

/** A model as Mistral describes it: clients expect all of its fields. */
type Card = Readonly<Record<string, unknown>> & { readonly id: string };

type Listed = { readonly kind: 'listed'; readonly cards: readonly Card[] };
type Fetched = Listed | Problem | WholeAnswer;

/** The models that a caller may use: Mistral's own list, without those that role or workspace rule out. */
export interface ModelList {
  answer(callerArn: string | undefined, name: string | undefined): Promise<Problem | WholeAnswer>;
}

const KEPT_MS = 60_000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;

export function createModelList(deps: GatewayDeps): ModelList {
  const kept = new Map<string, { readonly at: number; readonly list: Promise<Fetched> }>();

  /** One request a minute for all callers of a workspace: the list costs no quota. */
  async function listOf(workspace: string): Promise<Fetched> {
    const at = deps.now().getTime();
    const known = kept.get(workspace);
    if (known && at - known.at < KEPT_MS) return known.list;
    const list = fetchList(deps, workspace);
    kept.set(workspace, { at, list });
    const fetched = await list.catch(() => undefined);
    if (!fetched || !isListed(fetched)) kept.delete(workspace);
    return list;
  }

  return {
    async answer(callerArn, name) {
      if (callerArn === undefined) return unknownCaller();
      const workspace = workspaceOf(deps, callerArn, name);
      if (typeof workspace !== 'string') return workspace;
      const fetched = await listOf(workspace);
      if (!isListed(fetched)) return fetched;
      const allowed = fetched.cards.filter(({ id }) => isAllowed(deps, callerArn, id));
      if (name === undefined) return jsonAnswer(200, { object: 'list', data: allowed });
      const card = allowed.find((one) => isNamed(one, name));
      if (card) return jsonAnswer(200, card);
      return problem('model_not_allowed', `model "${name}" is not served by Mistral`);
    },
  };
}

/** The workspace of a caller, from any grant; without a grant, the first refusal. */
function workspaceOf(
  { authorize, models }: GatewayDeps,
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

function isAllowed({ authorize }: GatewayDeps, callerArn: string, model: string): boolean {
  return authorize(callerArn, { model, maxTokens: undefined }).kind === 'allow';
}

function isNamed({ id, aliases }: Card, name: string): boolean {
  return id === name || (Array.isArray(aliases) && aliases.includes(name));
}

function isListed(fetched: Fetched): fetched is Listed {
  return 'kind' in fetched && fetched.kind === 'listed';
}

async function fetchList(deps: GatewayDeps, workspace: string): Promise<Fetched> {
  const { keys, alerts, log, now } = deps;
  let key: ApiKey;
  try {
    key = await keys.current(workspace);
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    log.error('key not read', { reason, workspace });
    return keyUnavailable(workspace);
  }
  let answer = await fetchWhole(deps, key);
  if ('status' in answer && answer.status === 401) {
    const other = await keys.instead(workspace, [key]);
    if (other) {
      key = other;
      answer = await fetchWhole(deps, key);
    }
  }
  if ('kind' in answer) return answer;
  if (answer.status < 300) {
    const cards = cardsOf(answer.body.toString('utf8'));
    return cards ? { kind: 'listed', cards } : unreadable();
  }
  if (answer.status !== 401) return errorForCaller(answer, key, now());
  alerts.unauthorized(workspace);
  return keyRejected(workspace);
}

function fetchWhole({ upstream }: GatewayDeps, key: ApiKey): Promise<UpstreamAnswer | Problem> {
  const request = { method: 'GET', path: '/v1/models', accept: 'application/json' } as const;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    let headers: UpstreamHeaders = {};
    const end = () => resolve({ status, headers, body: Buffer.concat(chunks) });
    upstream.dispatch(
      { ...request, key, body: undefined },
      {
        onRequestStart() {},
        onResponseStart(_controller, code, given) {
          status = code;
          headers = given;
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length;
          if (bytes <= MAX_LIST_BYTES) chunks.push(chunk);
          else controller.abort(new Error('the list is too long'));
        },
        onResponseEnd: end,
        onResponseError(_controller, error) {
          if (bytes > MAX_LIST_BYTES) resolve(unreadable());
          else if (status >= 300) end();
          else resolve(failureForCaller(failureOf(error)));
        },
      },
    );
  });
}

function cardsOf(text: string): Card[] | undefined {
  const list = parseJson(text);
  return isObject(list) && Array.isArray(list.data) ? list.data.filter(isCard) : undefined;
}

function isCard(value: unknown): value is Card {
  return isObject(value) && typeof value.id === 'string';
}

function unreadable(): Problem {
  return problem('upstream_unavailable', 'Mistral did not answer with a list of models', {
    retryAfterSeconds: 1,
  });
}
