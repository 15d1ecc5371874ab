import { authorizeCall } from '../../governance/metering/admission.js';
import type { Authorized } from '../../governance/metering/authorized.js';
import { startedWith } from '../../governance/metering/conversations.js';
import type { MeteredEndpoint } from '../../governance/metering/endpoints.js';
import type { ReceivedForm } from '../../governance/metering/forms/whole-form.js';
import {
  jsonAnswer,
  objectNotFound,
  objectsUnavailable,
  type Problem,
  problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import { NO_QUERY } from '../../governance/metering/query.js';
import { isObjectId } from '../../governance/objects/objects.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import type { GatewayDeps } from '../gateway-deps.js';
import type { CallHead, Reply } from '../reply.js';
import { askMistral } from './ask-mistral.js';
import { MOST_READ } from './file-list.js';
import { HeldReply } from './held-reply.js';
import { answerFor, type ObjectCall, type Operation } from './object-request.js';
import { isProblem, ownObject, refusedObject } from './own-objects.js';

const KIND = 'conversation';
const GET = { method: 'GET', body: undefined } as const;

/** By method and path of the table of endpoints. */
export const CONVERSATION_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /v1/conversations': listConversations,
  'GET /v1/conversations/{id}': async (call) => {
    const record = await ownObject(call, KIND, call.endpoint.id);
    if (isProblem(record)) return record;
    return answerFor(await call.ask({ ...GET, path: call.endpoint.path }), KIND, call.deps.now());
  },
  'GET /v1/conversations/{id}/history': said,
  'GET /v1/conversations/{id}/messages': said,
  'DELETE /v1/conversations/{id}': async (call) => {
    const { endpoint, objects, deps } = call;
    const record = await ownObject(call, KIND, endpoint.id);
    if (isProblem(record)) return record;
    const asked = await call.ask({ method: 'DELETE', path: endpoint.path, body: undefined });
    const isGone = asked.kind === 'answered' && (asked.status < 300 || asked.status === 404);
    // What Mistral no longer has is not found at the next use either.
    const forget = isGone ? objects.forget(record) : undefined;
    await forget?.catch((error: unknown) => deps.log.warn('owner not removed', { KIND, error }));
    return answerFor(asked, KIND, deps.now());
  },
};

/** All that was said may be long. */
async function said(call: ObjectCall) {
  const record = await ownObject(call, KIND, call.endpoint.id);
  if (isProblem(record)) return record;
  return answerFor(await call.passOn(call.endpoint.path, 'json'), KIND, call.deps.now());
}

/** A caller's own, the newest first, as they were when they were created. */
async function listConversations({
  objects,
  owner,
  endpoint: { query = NO_QUERY },
  deps,
}: ObjectCall): Promise<Problem | WholeAnswer> {
  const pageSize = Number(query.get('page_size')?.[0] ?? 100);
  const first = Number(query.get('page')?.[0] ?? 0) * pageSize;
  const wanted = parseJson(query.get('metadata')?.[0] ?? '{}');
  if (!isObject(wanted)) {
    const what = 'query parameter metadata must be a JSON object';
    return problem('invalid_field', what, { param: 'metadata' });
  }
  const page: object[] = [];
  let matched = 0;
  let read = 0;
  try {
    for await (const records of objects.list(owner, KIND)) {
      read += records.length;
      for (const { id, card, createdAtMs } of records) {
        const metadata = isObject(card.metadata) ? card.metadata : {};
        if (!Object.entries(wanted).every(([name, value]) => metadata[name] === value)) continue;
        const at = new Date(createdAtMs).toISOString();
        if (matched >= first) page.push({ ...card, id, created_at: at, updated_at: at });
        matched += 1;
        if (page.length === pageSize) return jsonAnswer(200, page);
      }
      if (read >= MOST_READ) break;
    }
  } catch (error) {
    deps.log.warn('conversations not listed', { error });
    return objectsUnavailable('not read');
  }
  return jsonAnswer(200, page);
}

/** Checks a request as `authorizeCall` does, and that what it names at Mistral is the caller's own. */
export function authorizeOwn(
  deps: GatewayDeps,
  endpoint: MeteredEndpoint,
  { callerArn }: CallHead,
  received: Buffer | ReceivedForm,
): Authorized | Problem | Promise<Authorized | Problem> {
  const { access, policy } = deps;
  if (endpoint.kind === 'conversation-turn')
    return authorizeTurn(deps, endpoint, callerArn, received);
  const call = authorizeCall(endpoint, callerArn, received, access, policy.gateway);
  if (call.kind === 'problem') return call;
  if (call.opens && !deps.objects) return objectsUnavailable('not set up');
  if (call.objects.length === 0) return call;
  return refusedObject(deps, callerArn, call.objects).then((refused) => refused ?? call);
}

/** Goes on with what the conversation was started with, under the rules of now. */
async function authorizeTurn(
  deps: GatewayDeps,
  endpoint: MeteredEndpoint,
  callerArn = '',
  received: Buffer | ReceivedForm,
): Promise<Authorized | Problem> {
  const { access, policy, objects } = deps;
  const owner = access.callerOf(callerArn);
  if (owner.kind === 'refuse') return problem(owner.code, owner.message);
  if (!objects) return objectsUnavailable('not set up');
  const record = await ownObject({ deps, objects, owner }, KIND, endpoint.id);
  if (isProblem(record)) return record;
  const started = startedWith(record.card);
  if (!started) return objectNotFound(KIND);
  const call = authorizeCall(endpoint, callerArn, received, access, policy.gateway, started);
  if (call.kind === 'problem' || call.objects.length === 0) return call;
  return (await refusedObject(deps, callerArn, call.objects)) ?? call;
}

/** What Mistral no longer has is answered as what is not the caller's. */
export function goneConversation({ kind }: MeteredEndpoint, status: number): Problem | undefined {
  return kind === 'conversation-turn' && status === 404 ? objectNotFound(KIND) : undefined;
}

/** Where an answer goes that names a conversation: to the caller, once it is recorded as the caller's. */
export function recordedReply(
  deps: GatewayDeps,
  head: CallHead,
  { opens: card = {} }: Authorized,
  reply: Reply,
): Reply {
  const { objects, access, log } = deps;
  const owner = access.callerOf(head.callerArn ?? '');
  if (!objects || owner.kind === 'refuse') return reply;

  async function record(id: string): Promise<Problem | undefined> {
    if (!objects || owner.kind === 'refuse' || !isObjectId(id)) return notRecorded();
    const recorded = await objects.record(owner, { kind: KIND, id, card });
    if (recorded.kind === 'recorded') return undefined;
    const reason = recorded.kind === 'failed' ? recorded.reason : recorded.kind;
    log.error('conversation not recorded', { reason });
    if (recorded.kind === 'failed') {
      const { workspace } = owner.access;
      const gone = { method: 'DELETE', path: `/v1/conversations/${id}`, body: undefined } as const;
      await askMistral(deps, { ...gone, workspace, head });
    }
    return notRecorded();
  }
  return new HeldReply(reply, 'conversation_id', record, notRecorded);
}

function notRecorded(): Problem {
  const what =
    'it could not be recorded whose the conversation is, so it cannot be used: start another one';
  return problem('objects_unavailable', what, { retryAfterSeconds: 1 });
}
