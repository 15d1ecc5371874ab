import { overflowOf } from '../../gateway/rate-limit.js';
import { authorizeCall, refusalOf } from '../../governance/metering/admission.js';
import { createMetering } from '../../governance/metering/metering.js';
import { type Problem, publicCode } from '../../governance/metering/problem.js';
import { inOrderOfDecision, matches } from '../../governance/policy/caller-patterns.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import {
  dailyTokensOf,
  isBounded,
  lentBy,
  quotasOf,
} from '../../governance/quotas/workspace-quotas.js';
import { createQuotaLedger } from '../simulation/quota-ledger.js';
import { type ClosestRule, closestRule, type MatchingRule } from './closest-rule.js';
import { type EndpointName, endpointNamed, openAccess, requestBody } from './gateway-rules.js';

export interface ExplainedRequest {
  /** As the gateway sees it. */
  readonly callerArn: string;
  readonly model: string;
  readonly maxTokens: number | undefined;
  readonly endpoint: EndpointName;
}

export interface Explanation {
  readonly allowed: boolean;
  /** As the gateway answers; absent where it would forward the request. */
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
  readonly callerArn: string;
  /** The rule that decides; absent for a caller that no rule matches. */
  readonly rule: MatchingRule | undefined;
  /** The rule that comes closest to a caller that no rule matches. */
  readonly closest: ClosestRule | undefined;
  /** Rules that also match and are less specific. */
  readonly overruled: readonly MatchingRule[];
  readonly model: {
    /** A model or an agent. */
    readonly asked: string;
    readonly id: string | undefined;
    /** What the policy says of an agent. */
    readonly ofAgent: string | undefined;
  };
  /** The names by which role and workspace allow the model; `*` where all models are allowed. */
  readonly allowedBy: Readonly<Record<'role' | 'workspace', readonly string[]>> | undefined;
  readonly maxTokens: {
    readonly asked: number | undefined;
    readonly allowed: number | undefined;
    /** Where the role says so of requests for more. */
    readonly loweredTo: number | undefined;
  };
  /** Reserved for a transcription that does not say how long its audio is. */
  readonly audioMinutes: number | undefined;
  readonly dailyTokens: Quota | undefined;
  readonly quotas: readonly Quota[];
  /** Calls of tools at Mistral that it reserves. */
  readonly toolCalls: number;
  /** Whether it uses what callers of other sharing roles created in its workspace. */
  readonly sharesObjects: boolean;
  /** What the request reserves of the budgets until it is settled; the prompt adds to it. */
  readonly reservesNanos: number | undefined;
  readonly overflowTo: readonly string[];
  /** What those of them with a bound lend a day, in nano-units. */
  readonly lendsNanos: Readonly<Record<string, number>>;
}

/** Runs the gateway's own code for a request, with nothing spent yet. */
export async function explain(
  policy: Policy,
  { callerArn, model, maxTokens, endpoint }: ExplainedRequest,
  now: Date,
): Promise<Explanation> {
  const { access, authorize, tariff } = openAccess(policy, () => now.getTime());
  const { models } = access;
  const rules = policy.callers.map((caller, at) => ({ path: `callers[${at}]`, ...caller }));
  const [rule, ...overruled] = matchingRules(rules, callerArn);
  const known = access.callerOf(callerArn);
  const caller = known.kind === 'known' ? known : undefined;
  const agent = policy.agents.find((one) => one.id === model);
  const id = models.resolve(agent?.model ?? model);

  const body = requestBody(endpoint, model, maxTokens);
  const call = authorizeCall(
    endpointNamed(endpoint),
    callerArn,
    body,
    { authorize, models },
    policy.gateway,
  );
  const demand = call.kind === 'authorized' ? call.demand : undefined;
  const refusal = call.kind === 'authorized' ? await quotaRefusal() : call;

  async function quotaRefusal(): Promise<Problem | undefined> {
    if (!demand) return undefined;
    const metering = createMetering(
      policy,
      createQuotaLedger(() => now),
      tariff,
    );
    const outcome = await metering.reserve(demand);
    return outcome.kind === 'reserved' ? undefined : refusalOf(outcome, demand.grant, now);
  }

  const workspace = policy.workspaces.find(({ name }) => name === rule?.workspace);
  const role = rule && policy.roles[rule.role];
  const overflowTo =
    demand && !demand.staysHome ? overflowOf(demand.grant, policy.workspaces, models) : [];
  const namesOf = (names: '*' | readonly string[] = []) =>
    names === '*' ? ['*'] : names.filter((name) => models.resolve(name) === id);
  return {
    allowed: refusal === undefined,
    refusal: refusal && { code: publicCode(refusal.code), message: refusal.message },
    callerArn,
    rule: caller && rule,
    closest: rule ? undefined : closestRule(rules, callerArn),
    overruled: caller ? overruled : [],
    model: { asked: model, id, ofAgent: agent?.model },
    allowedBy:
      caller && id !== undefined
        ? { role: namesOf(role?.models), workspace: namesOf(workspace?.models) }
        : undefined,
    maxTokens: {
      asked: maxTokens,
      allowed: id === undefined ? undefined : caller?.access.maxTokens.get(id),
      loweredTo: call.kind === 'authorized' ? call.cappedTo : undefined,
    },
    audioMinutes: endpoint === 'transcriptions' ? caller?.access.audioMinutes : undefined,
    dailyTokens: caller?.dailyTokens && dailyTokensOf(caller.dailyTokens),
    sharesObjects: caller?.access.sharesObjects ?? false,
    quotas: caller && workspace ? quotasOf(policy, workspace) : [],
    toolCalls: demand?.toolCalls ?? 0,
    reservesNanos: demand && tariff.bound(demand),
    overflowTo,
    lendsNanos: Object.fromEntries(
      policy.workspaces
        .filter(({ name }) => overflowTo.includes(name))
        .map((lender) => [lender.name, lentBy(policy, lender)] as const)
        .filter(([, quota]) => isBounded(quota))
        .map(([name, { limit }]) => [name, limit]),
    ),
  };
}

/** The deciding rule first. */
function matchingRules(rules: readonly MatchingRule[], arn: string): MatchingRule[] {
  return inOrderOfDecision(rules)
    .filter(({ pattern }) => matches(pattern, arn))
    .map(({ caller }) => caller);
}
