import type { AccessGrant } from '../governance/access/access.js';
import { authorizeRequest } from '../governance/access/authorize.js';
import { compileAccess } from '../governance/access/compile-access.js';
import { createModelDirectory } from '../governance/access/model-directory.js';
import { callerPattern } from '../governance/policy/caller-patterns.js';
import type { Policy, Workspace } from '../governance/policy/policy.js';
import { createPriceBook } from '../governance/prices/price-book.js';
import { upperBoundCost } from '../governance/prices/request-cost.js';
import { moneyQuotasOf } from '../governance/quotas/workspace-quotas.js';
import { FAKE_MODELS, type FakeModel } from '../testing/fakes/mistral-server.js';

/** Of models that answer chats; the stand-in for Mistral has all that a policy names. */
const NO_CHAT = /embed|moderation|ocr|transcribe|tts/;
const EMBEDDING = 'mistral-embed';
/** More completions are refused by Mistral. */
const MOST_COMPLETIONS = 100;
/** How many of the largest requests fit into a day's tokens. */
const FIT_INTO_A_DAY = 2.5;
const MOST_REQUESTS = 600;
const NO_USAGE = {
  ...{ promptTokens: 0, pages: 0, annotatedPages: 0, audioSeconds: 0, characters: 0 },
  mayBePriority: false,
};

type Caller = Policy['callers'][number];

/** A caller of the policy that may ask some model. */
export interface Actor {
  readonly role: string;
  readonly workspace: Workspace;
  /** Whether each of its sessions has a day's tokens of its own. */
  readonly perSession: boolean;
  readonly dailyTokens: number;
  /** Of all that answer chats and that it may ask: the first, and the most expensive. */
  readonly model: string;
  readonly costliest: {
    readonly model: string;
    readonly grant: AccessGrant;
    /** Of one completion, in nano-units of the policy's currency. */
    readonly cost: number;
  };
  readonly maxTokens: number;
  readonly mayEmbed: boolean;
  arn(session?: string): string;
  /** The code of the gateway's refusal before any quota; `undefined` for none. */
  refusal(model: string, maxTokens?: number): string | undefined;
}

/** A caller that can spend a budget to the last request. */
export interface Spender {
  readonly actor: Actor;
  readonly window: string;
  /** Of the largest request. */
  readonly completions: number;
  /** How many of those the budget allows, about. */
  readonly requests: number;
  /** What one completion may cost, as a share of the budget. */
  readonly share: number;
}

/** The callers of a policy in its order, and the one that spends a budget soonest if there is time for it. */
export function callersOf(policy: Policy, nowMs: () => number) {
  const priceBook = createPriceBook(policy, nowMs);
  const served = modelsOf(policy).map((model) => ({ ...model, contextTokens: undefined }));
  const access = compileAccess(policy, createModelDirectory(served, priceBook));
  /** In nano-units of the policy's currency. */
  const costOf = ({ modelId, maxTokens }: AccessGrant, completions: number): number => {
    const prices = priceBook.pricesOf(modelId);
    const completionTokens = maxTokens * completions;
    return prices ? upperBoundCost(prices, { ...NO_USAGE, completionTokens }) : 0;
  };

  function actorOf({ principal, role, workspace: name, perSession }: Caller): Actor[] {
    const workspace = policy.workspaces.find((one) => one.name === name);
    const arn = (session = 'ada') => arnOf(principal, session);
    const ask = (model: string, maxTokens?: number) =>
      authorizeRequest(access, arn(), { model, maxTokens });
    const grants = modelNames(policy).flatMap((model) => {
      const grant = ask(model);
      const isOurs = grant.kind === 'allow' && grant.role === role && grant.workspace === name;
      const isAnswered = isOurs && !NO_CHAT.test(model) && priceBook.pricesOf(grant.modelId);
      return isAnswered ? [{ model, grant, cost: costOf(grant, 1) }] : [];
    });
    const [first] = grants;
    const [last] = grants.toSorted((one, other) => other.cost - one.cost);
    if (!workspace || !first || !last) return [];
    return [
      {
        ...{ role, workspace, perSession, arn, model: first.model, costliest: last },
        dailyTokens: first.grant.dailyTokens?.limit ?? Number.POSITIVE_INFINITY,
        maxTokens: first.grant.maxTokens,
        mayEmbed: ask(EMBEDDING).kind === 'allow',
        refusal: (model, maxTokens) => {
          const outcome = ask(model, maxTokens);
          return outcome.kind === 'refuse' ? outcome.code : undefined;
        },
      },
    ];
  }

  function spenderOf(actor: Actor): Spender[] {
    const { workspace, costliest, dailyTokens, perSession } = actor;
    const { grant, cost } = costliest;
    const [tightest] = moneyQuotasOf(policy, workspace).sort(
      (one, other) => one.limit - other.limit,
    );
    const canSpend = cost > 0 && (perSession || !Number.isFinite(dailyTokens));
    if (!tightest || !canSpend) return [];
    const fitting = Math.floor(dailyTokens / (FIT_INTO_A_DAY * grant.maxTokens));
    const completions = Math.min(Math.max(fitting, 1), MOST_COMPLETIONS);
    const requests = Math.ceil(tightest.limit / costOf(grant, completions));
    if (requests > MOST_REQUESTS) return [];
    return [
      { actor, window: tightest.window, completions, requests, share: cost / tightest.limit },
    ];
  }

  const actors = policy.gateway.enabled ? policy.callers.flatMap(actorOf) : [];
  const isMonth = ({ window }: Spender) => (window === 'month' ? 0 : 1);
  const [spender] = actors
    .flatMap(spenderOf)
    .sort((one, other) => isMonth(one) - isMonth(other) || one.requests - other.requests);
  return { actors, spender };
}

/** Models of the stand-in for Mistral, and those that the policy names besides. */
export function modelNames({ roles, workspaces, prices }: Policy): readonly string[] {
  const named = [...Object.values(roles), ...workspaces].flatMap(({ models }) =>
    models === '*' ? [] : models,
  );
  const known = FAKE_MODELS.flatMap(({ id, aliases }) => aliases[0] ?? id);
  return [...new Set([...named, ...known, ...Object.keys(prices.models)])];
}

/** What Mistral serves there: the stand-in's own models, and each that a policy names besides. */
export function modelsOf(policy: Policy): readonly FakeModel[] {
  const listed = createPriceBook(policy).models;
  const models = new Map(FAKE_MODELS.map((model) => [model.id, model]));
  for (const name of modelNames(policy)) {
    const served = [...models.values(), ...listed].find(
      ({ id, aliases }) => id === name || aliases.includes(name),
    );
    const { id, aliases } = served ?? { id: name, aliases: [] };
    models.set(id, { id, aliases });
  }
  return [...models.values()];
}

/** An ARN that a pattern of callers matches, as the gateway sees it. */
function arnOf(principal: string, session: string): string {
  const [arn, partition, service, region, account = '', ...rest] =
    callerPattern(principal).split(':');
  const digits = account.replace('*', '1'.repeat(Math.max(0, 13 - account.length)));
  const segments = rest.join(':').split('/');
  const named = segments.map((segment, at) =>
    segment.replaceAll('*', at === segments.length - 1 ? session : '8d2e1f0a'),
  );
  return [arn, partition, service, region, digits.replaceAll('*', ''), named.join('/')].join(':');
}
