import type { AccessGrant } from '../access/access.js';
import type { ModelDirectory } from '../access/model-directory.js';
import { isObject } from '../platform/json.js';
import { instantText, moneyText, quoted } from '../platform/wording.js';
import type { GatewayPolicy } from '../policy/policy.js';
import type { Quota, QuotaRefusal, QuotaTooSmall, QuotaUnit } from '../quotas/quota.js';
import type { Authorized } from './authorized.js';
import { cardToRecord, type StartedWith } from './conversations.js';
import { defaultMaxTokens, demandOf } from './demand.js';
import { generates, type MeteredEndpoint, type MeteredKind } from './endpoints.js';
import type { ReceivedForm } from './forms/whole-form.js';
import type { Hold } from './hold.js';
import type { Authorize, LiveAccess } from './live-access.js';
import type { HoldOutcome } from './metering.js';
import { NO_OBJECTS } from './named-objects.js';
import { type Problem, problem, retryOf } from './problem.js';
import { type ParsedBody, parseRequestBody } from './request-body.js';
import { isSet } from './spellings.js';
import { authorizeTranscription } from './transcriptions.js';
import { writeRequestBody } from './written-body.js';

type Models = Pick<ModelDirectory, 'contextTokens'>;

interface Rules {
  readonly authorize: Authorize;
  readonly models: Models;
}

/** In an answer: what `max_tokens` was lowered to, because the role says `overMaxTokens: cap`. */
export const CAP_HEADER = 'x-governance-max-tokens';

/** Checks caller, body, model and tokens, before anything is reserved. */
export function authorizeCall(
  endpoint: MeteredEndpoint,
  callerArn: string | undefined,
  received: Buffer | ReceivedForm,
  { authorize, models }: Rules,
  { passUnknownFields }: Pick<GatewayPolicy, 'passUnknownFields'>,
  started?: StartedWith,
): Authorized | Problem {
  if (callerArn === undefined) return unknownCaller();
  if (!Buffer.isBuffer(received)) return authorizeTranscription(received, callerArn, authorize);
  const { kind } = endpoint;
  const body = parseRequestBody(received, endpoint, passUnknownFields);
  if (body.kind === 'problem') return body;
  const { maxTokens: asked } = body;
  const { model, agent } = started ?? body;
  const grant = authorize(callerArn, { model, agent, maxTokens: asked });
  if (grant.kind === 'refuse') {
    const param = grant.code.startsWith('max_tokens') ? body.limitName : undefined;
    return problem(grant.code, grant.message, { param });
  }
  const unpriced = kind === 'generation' ? undefined : unpricedTools(body, grant);
  if (unpriced) return unpriced;
  const limited = generates(kind) ? withDefault(grant, body, kind, models) : grant;
  const maxTokens = generates(kind) ? limited.maxTokens : undefined;
  const toSend = writeRequestBody(body, grant.modelId, maxTokens, callerArn);
  return {
    kind: 'authorized',
    demand: demandOf(body, toSend.promptBytes, kind, limited, models),
    body: toSend.bytes,
    cappedTo: grant.isCapped ? maxTokens : undefined,
    objects: body.objects ?? NO_OBJECTS,
    opens: kind === 'generation' ? undefined : cardToRecord(kind, endpoint.route, body, grant),
  };
}

/** A limit that the caller did not choose leaves room for the prompt. */
function withDefault(
  grant: AccessGrant,
  body: ParsedBody,
  kind: MeteredKind,
  models: Models,
): AccessGrant {
  const isChosen = body.maxTokens !== undefined && body.maxTokens !== null && !grant.isCapped;
  if (isChosen) return grant;
  const maxTokens = defaultMaxTokens(body, body.promptBytes, kind, grant, models);
  return maxTokens === grant.maxTokens ? grant : { ...grant, maxTokens };
}

/** What runs at Mistral costs by the call, and only the policy says how much. */
function unpricedTools(
  { fields: { tools, tool_confirmations: confirmed } }: ParsedBody,
  { agent }: AccessGrant,
): Problem | undefined {
  if (agent?.nanosPerToolCall !== undefined) return undefined;
  const type = Array.isArray(tools)
    ? tools.map(typeOf).find((one) => one !== 'function')
    : undefined;
  if (type === undefined && (!Array.isArray(confirmed) || confirmed.length === 0)) return undefined;
  const [param, what] =
    type === undefined
      ? ['tool_confirmations', 'lets a tool run']
      : ['tools', `has ${quoted(type)}, which runs`];
  const why = agent
    ? `agent ${quoted(agent.id)} has no pricePerToolCall in the policy`
    : 'only agents have a pricePerToolCall in the policy';
  const message = `${param} ${what} at Mistral and is billed by the call: ${why}`;
  return problem('invalid_field', message, { param });
}

function typeOf(tool: unknown): unknown {
  return isObject(tool) && isSet(tool.type) ? tool.type : 'function';
}

/** Why a caller may send nothing. Checked before a body is read, which costs memory and time. */
export function refusedCaller(
  callerArn: string | undefined,
  { callerOf }: Pick<LiveAccess, 'callerOf'>,
): Problem | undefined {
  if (callerArn === undefined) return unknownCaller();
  const known = callerOf(callerArn);
  return known.kind === 'refuse' ? problem(known.code, known.message) : undefined;
}

export function unknownCaller(): Problem {
  return problem('unknown_caller', 'the request has no IAM identity that the policy names');
}

/** Why a request may not be sent now. */
export function refusalOf(
  outcome: Exclude<HoldOutcome, Hold>,
  { modelId, workspace }: Pick<AccessGrant, 'modelId' | 'workspace'>,
  now: Date,
): Problem {
  switch (outcome.kind) {
    case 'exhausted':
      return exhausted(outcome, now);
    case 'too-large':
      return tooLarge(outcome);
    case 'unavailable':
      return problem('quota_unavailable', 'quotas cannot be read right now, so nothing was sent', {
        retryAfterSeconds: 1,
      });
    case 'unpriced':
      return problem(
        'model_not_priced',
        `no price is known for model "${modelId}" in workspace "${workspace}": set it under prices.models`,
        { param: 'model' },
      );
  }
}

const WHAT = {
  requests: { code: 'rate_limited', name: 'requests' },
  tokens: { code: 'tokens_exhausted', name: 'tokens' },
  usd: { code: 'budget_exhausted', name: 'budget (USD)' },
  eur: { code: 'budget_exhausted', name: 'budget (EUR)' },
} as const;

/** Names the quota, when it resets, what did not fit, and the used share: no amount that others spent. */
function exhausted(refusal: QuotaRefusal, now: Date): Problem {
  const { quota, windowName, resetsAt, mayFreeSooner } = refusal;
  const soon = mayFreeSooner ? '; requests in flight may free quota sooner' : '';
  return problem(
    WHAT[quota.unit].code,
    `${nameOf(quota)} exhausted for ${windowName}: ${missingRoom(refusal)}resets at ${instantText(resetsAt)}${soon}`,
    mayFreeSooner ? { retryAfterSeconds: 1, resetsAt } : retryOf(now, resetsAt),
  );
}

/** `45 % spent; this request may cost up to 30.00 USD; `. A request is always one. */
function missingRoom({ quota: { unit }, amount, spentPercent }: QuotaRefusal): string {
  if (unit === 'requests') return '';
  const [spent, cost] = unit === 'tokens' ? ['used', 'use'] : ['spent', 'cost'];
  return `${spentPercent} % ${spent}; this request may ${cost} up to ${amountText(amount, unit)}; `;
}

/** Without `Retry-After`, since the request never fits. */
function tooLarge({ quota, amount, largest }: QuotaTooSmall): Problem {
  const { unit, limit, shards = 1 } = quota;
  const parts = shards > 1 ? ` (${amountText(limit, unit)} in ${shards} parts)` : '';
  return problem(
    WHAT[unit].code,
    `the request may use up to ${amountText(amount, unit)}, which never fits into the ${nameOf(quota)}: the most allowed is ${amountText(largest, unit)}${parts}. Reduce max_tokens, the input, the number of pages or the length of the audio`,
  );
}

function nameOf({ unit, window, scope }: Quota): string {
  return `${WHAT[unit].name} per ${window} of ${scope.replace('#', ' ')}`;
}

function amountText(amount: number, unit: QuotaUnit): string {
  if (unit === 'usd') return moneyText(amount, 'USD');
  return unit === 'eur' ? moneyText(amount, 'EUR') : `${amount} ${unit}`;
}
