import type { AccessGrant } from '../access/access.js';
import type { ModelDirectory } from '../access/model-directory.js';
import { moneyText } from '../platform/wording.js';
import type { QuotaRefusal, QuotaTooSmall, QuotaUnit } from '../quotas/quota.js';
import { demandOf, roomFor } from './demand.js';
import type { Endpoint } from './endpoints.js';
import type { Authorize, Demand, Hold, HoldOutcome, Metering } from './metering.js';
import { type Problem, problem } from './problem.js';
import { parseRequestBody, type RequestBody, writeRequestBody } from './request-body.js';

/** A request that may be sent, as it is to be sent. */
export interface Authorized {
  readonly kind: 'authorized';
  readonly demand: Demand;
  readonly body: Buffer;
}

/** Who may not ask for this, and what may not be asked for, before anything is reserved. */
export function authorizeCall(
  { kind }: Endpoint,
  callerArn: string | undefined,
  received: Buffer,
  authorize: Authorize,
  models: Pick<ModelDirectory, 'contextTokens'>,
): Authorized | Problem {
  if (callerArn === undefined) return unknownCaller();
  const body = parseRequestBody(received, kind);
  if (body.kind === 'problem') return body;
  const grant = authorize(callerArn, { model: body.model, maxTokens: body.maxTokens });
  if (grant.kind === 'refuse') {
    const param = grant.code.startsWith('max_tokens') ? 'max_tokens' : undefined;
    return problem(grant.code, grant.message, { param });
  }
  const limited = kind === 'generation' ? withRoom(grant, body, received.length, models) : grant;
  const maxTokens = kind === 'generation' ? limited.maxTokens : undefined;
  const toSend = writeRequestBody(body, grant.modelId, maxTokens);
  if ('kind' in toSend) return toSend;
  const demand = demandOf(body, toSend.length, kind, limited, models);
  return { kind: 'authorized', demand, body: toSend };
}

function withRoom(
  grant: AccessGrant,
  body: RequestBody,
  bytes: number,
  models: Pick<ModelDirectory, 'contextTokens'>,
): AccessGrant {
  if (body.maxTokens !== undefined && body.maxTokens !== null) return grant;
  const room = roomFor(body, bytes, grant, models);
  return room === grant.maxTokens ? grant : { ...grant, maxTokens: room };
}

export function unknownCaller(): Problem {
  return problem('unknown_caller', 'the request carries no IAM identity that the policy names');
}

/** At once where the quotas are in memory, which is nearly always. */
export function reserve(metering: Metering, demand: Demand): HoldOutcome | Promise<HoldOutcome> {
  try {
    const outcome = metering.reserve(demand);
    return 'then' in outcome ? outcome.catch(unavailable) : outcome;
  } catch (error) {
    return unavailable(error);
  }
}

/** Why a request may not be sent now. */
export function refusalOf(
  outcome: Exclude<HoldOutcome, Hold>,
  { modelId, workspace }: AccessGrant,
  now: Date,
): Problem {
  switch (outcome.kind) {
    case 'exhausted':
      return exhausted(outcome, now);
    case 'too-large':
      return tooLarge(outcome);
    case 'unavailable':
      return problem('quota_unavailable', 'quotas cannot be read right now, so nothing is sent', {
        retryAfterSeconds: 1,
      });
    case 'unpriced':
      return problem(
        'model_not_priced',
        `no price of model "${modelId}" is known for workspace "${workspace}": set it under prices.models`,
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

/** Names the quota and when it starts anew, never how much anybody spent. */
function exhausted(
  { quota, windowName, resetsAt, heldByOthers }: QuotaRefusal,
  now: Date,
): Problem {
  const { code, name } = WHAT[quota.unit];
  const owner = quota.scope.replace('#', ' ');
  const soon = heldByOthers ? '; requests still running may free some of it before' : '';
  const untilReset = Math.ceil((resetsAt.getTime() - now.getTime()) / 1000);
  return problem(
    code,
    `${name} per ${quota.window} of ${owner} exhausted for ${windowName}: resets at ${resetsAt.toISOString()}${soon}`,
    { retryAfterSeconds: heldByOthers ? 1 : Math.max(1, untilReset) },
  );
}

/** Says nothing of when to come back: at no time is there room. */
function tooLarge({ quota, amount, largest }: QuotaTooSmall): Problem {
  const { unit, window, scope, limit, shards = 1 } = quota;
  const { code, name } = WHAT[unit];
  const owner = scope.replace('#', ' ');
  const parts = shards > 1 ? ` (${amountText(limit, unit)} in ${shards} parts)` : '';
  return problem(
    code,
    `the request needs up to ${amountText(amount, unit)}, which never fits into the ${name} per ${window} of ${owner}: allowed are ${amountText(largest, unit)}${parts}; ask for less: a smaller max_tokens, a shorter input or fewer pages`,
  );
}

function amountText(amount: number, unit: QuotaUnit): string {
  if (unit === 'usd') return moneyText(amount, 'USD');
  return unit === 'eur' ? moneyText(amount, 'EUR') : `${amount} ${unit}`;
}

function unavailable(error: unknown): HoldOutcome {
  return { kind: 'unavailable', reason: error instanceof Error ? error.name : 'unknown' };
}
