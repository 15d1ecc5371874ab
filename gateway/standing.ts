import { unknownCaller } from '../governance/metering/admission.js';
import {
  jsonAnswer,
  type Problem,
  problem,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import { percentOf } from '../governance/platform/wording.js';
import {
  isMoney,
  type Quota,
  type QuotaHolder,
  type QuotaLeft,
} from '../governance/quotas/quota.js';
import type { GatewayDeps } from './gateway-deps.js';
import { endpointsOf } from './model-list.js';
import type { Reply } from './reply.js';

type Deps = Pick<GatewayDeps, 'access' | 'metering' | 'quotas' | 'log'>;

/**
 * `GET /v1/governance/me`: who the caller is, what it may use, and what is left of that. Of money,
 * which the workspace's callers spend together, a percentage alone: never what others spent.
 */
export async function standingOf(
  { access, metering, quotas, log }: Deps,
  callerArn: string | undefined,
): Promise<Problem | WholeAnswer> {
  if (callerArn === undefined) return unknownCaller();
  const known = access.callerOf(callerArn);
  if (known.kind === 'refuse') return problem(known.code, known.message);
  const { role, workspace, maxTokensPerRequest, overMaxTokens, maxTokens } = known.access;
  const cards = new Map(access.cards?.map((card) => [access.models.resolve(card.id), card]));
  try {
    const counted = metering.quotasOf({ workspace, dailyTokens: known.dailyTokens });
    return jsonAnswer(200, {
      object: 'governance.caller',
      caller: callerArn,
      role,
      workspace,
      max_tokens_per_request: maxTokensPerRequest,
      over_max_tokens: overMaxTokens,
      models: [...maxTokens].map(([id, max_tokens]) => {
        const card = cards.get(id);
        return { id, max_tokens, endpoints: card && endpointsOf(card) };
      }),
      quotas: (await quotas.readLeft(counted)).map(leftOf),
    });
  } catch (error) {
    log.error('quotas not read', { error });
    return problem('quota_unavailable', 'quotas cannot be read right now', {
      retryAfterSeconds: 1,
    });
  }
}

function leftOf({ quota, left, resetsAt }: QuotaLeft) {
  const { unit, window, limit } = quota;
  const shared = unit !== 'tokens';
  const of = isMoney(quota)
    ? { unit: 'budget', window, shared, left_percent: percentOf(left, limit) }
    : { unit, window, shared, limit, left };
  return { ...of, resets_at: resetsAt.toISOString() };
}

/**
 * On every answer to a metered request: `x-governance-remaining-tokens-day`, `-req-minute` and
 * `-budget-percent-month`, with the request itself at its upper bound. Where this process has not
 * read a counter yet, the header is left out.
 */
export function tellStanding(
  reply: Reply,
  counted: readonly Quota[],
  quotas: Pick<QuotaHolder, 'left'>,
): void {
  for (let at = 0; at < counted.length; at += 1) {
    const quota = counted[at] as Quota;
    const left = quotas.left(quota);
    if (left === undefined) continue;
    const value = isMoney(quota) ? percentOf(left, quota.limit) : left;
    reply.addHeader(headerOf(quota), String(value));
  }
}

const HEADERS = { requests: 'req', tokens: 'tokens', usd: 'budget-percent', eur: 'budget-percent' };

function headerOf({ unit, window }: Quota): string {
  return `x-governance-remaining-${HEADERS[unit]}-${window}`;
}
