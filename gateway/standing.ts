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
  const { role, workspace, maxTokensPerRequest, overMaxTokens, audioMinutes, maxTokens } =
    known.access;
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
      audio_minutes_per_request: audioMinutes,
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
 * `-budget-percent`, with the request itself at its upper bound; of several budgets, the one with the
 * smallest share left, since every header is paid for by every request. What this process has not read
 * yet is left out.
 */
export function tellStanding(
  reply: Reply,
  counted: readonly Quota[],
  quotas: Pick<QuotaHolder, 'left'>,
): void {
  const left = quotas.left(counted);
  let leastPercent: number | undefined;
  for (let at = 0; at < counted.length; at += 1) {
    const quota = counted[at] as Quota;
    const amount = left[at];
    if (amount === undefined) continue;
    if (isMoney(quota)) {
      leastPercent = Math.min(percentOf(amount, quota.limit), leastPercent ?? 100);
    } else {
      const header = quota.unit === 'tokens' ? TOKENS_LEFT : REQUESTS_LEFT;
      reply.addHeader(header, String(amount));
    }
  }
  if (leastPercent !== undefined) reply.addHeader(BUDGET_LEFT, String(leastPercent));
}

const TOKENS_LEFT = 'x-governance-remaining-tokens-day';
const REQUESTS_LEFT = 'x-governance-remaining-req-minute';
const BUDGET_LEFT = 'x-governance-remaining-budget-percent';
