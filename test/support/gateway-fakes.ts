import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import { authorizeRequest } from '../../governance/access/authorize.js';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import type { Tariff } from '../../governance/metering/tariff.js';
import type { WorkspaceKeys } from '../../governance/metering/workspace-keys.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { percentOf } from '../../governance/platform/wording.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { NamedModel } from '../../governance/prices/price-list.js';
import { NO_USAGE } from '../../governance/prices/request-cost.js';
import type { Quota, QuotaClaim, QuotaHolder } from '../../governance/quotas/quota.js';

const MODELS: readonly NamedModel[] = [
  { id: 'mistral-large-2512', aliases: ['mistral-large-latest'], contextTokens: 256_000 },
  { id: 'mistral-small-2603', aliases: ['mistral-small-latest'], contextTokens: 256_000 },
  { id: 'codestral-2508', aliases: ['codestral-latest'], contextTokens: 128_000 },
  { id: 'mistral-embed-2312', aliases: ['mistral-embed'], contextTokens: 8000 },
  { id: 'mistral-ocr-4-1', aliases: ['mistral-ocr-latest'], contextTokens: 128_000 },
  { id: 'mistral-moderation-2603', aliases: ['mistral-moderation-latest'], contextTokens: 128_000 },
  { id: 'voxtral-mini-tts-2603', aliases: ['voxtral-mini-tts-latest'], contextTokens: 4096 },
  { id: 'voxtral-mini-2602', aliases: ['voxtral-mini-latest'], contextTokens: 16_384 },
];

/** Mistral's list: those models, and one that is newer. */
const CARDS = [...MODELS, { id: 'brand-new-9999', aliases: ['brand-new'] }].map(
  ({ id, aliases }) => ({
    ...{ id, object: 'model', owned_by: 'mistralai', aliases: [...aliases], type: 'base' },
    capabilities: { completion_chat: true, completion_fim: false, function_calling: true },
  }),
);

/** The policy's own rules, over a few models. */
export function accessTo(policy: Policy): GatewayDeps['access'] {
  const models = createModelDirectory(MODELS, { models: MODELS });
  const access = compileAccess(policy, models);
  return {
    models,
    cards: CARDS,
    callerOf: (caller) => access.callerOf(caller),
    nextListInMs: 0,
    authorize: (caller, request) => authorizeRequest(access, caller, request),
  };
}

/** One nano-unit a prompt token, two a completion token, a thousand a page. */
export const fakeTariff: Tariff = {
  pricesOf: () => undefined,

  bound: ({ promptTokens, completionTokens, pages }) =>
    promptTokens + 2 * completionTokens + 1000 * pages,
  charge(_demand, usage) {
    const prompt = Number(usage.prompt_tokens ?? 0);
    const completion = Number(usage.completion_tokens ?? 0);
    const pages = Number(usage.pages_processed ?? 0);
    if (Number.isNaN(prompt + completion + pages)) return undefined;
    const cost = prompt + 2 * completion + 1000 * pages;
    const used = { ...NO_USAGE, promptTokens: prompt, completionTokens: completion, pages };
    return { cost, tokens: prompt + completion, usage: used };
  },
};

export interface FakeQuotas extends QuotaHolder {
  /** What was settled of `workspace#dev-workspace requests`, for example. */
  settled(name: string): number;
  /** What is reserved and neither settled nor released, of all quotas. */
  reserved(): number;
  /** How often anything was settled or released. */
  readonly ends: { settled: number; released: number };
  /** Replaces the policy's rules. */
  readonly limits: Map<string, number>;
  mode: 'at once' | 'after a while' | 'unavailable' | 'broken';
}

export const WINDOW = { name: '2026-06', resetsAt: new Date('2026-07-01T00:00:00Z') };

/** Counters in memory, with a single window. */
export function fakeQuotas(): FakeQuotas {
  const counters = new Map<Quota, { settled: number; reserved: number }>();
  const ends = { settled: 0, released: 0 };
  const limits = new Map<string, number>();
  const nameOf = ({ scope, unit, window }: Quota) => `${scope} ${unit} ${window}`;

  function counterOf(quota: Quota) {
    let counter = counters.get(quota);
    if (!counter) {
      counter = { settled: 0, reserved: 0 };
      counters.set(quota, counter);
    }
    return counter;
  }

  function reserve(claims: readonly QuotaClaim[]): ReturnType<QuotaHolder['reserve']> {
    for (const { quota, amount } of claims) {
      const { settled, reserved } = counterOf(quota);
      const limit = limits.size > 0 ? (limits.get(nameOf(quota)) ?? quota.limit) : quota.limit;
      if (settled + reserved + amount > limit) {
        const { name: windowName, resetsAt } = WINDOW;
        const spentPercent = percentOf(settled, limit);
        return {
          kind: 'exhausted',
          quota,
          windowName,
          resetsAt,
          mayFreeSooner: false,
          amount,
          spentPercent,
        };
      }
    }
    for (const { quota, amount } of claims) counterOf(quota).reserved += amount;
    let open = true;
    const end = (used: readonly number[], how: keyof typeof ends) => {
      if (!open) return;
      open = false;
      ends[how] += 1;
      for (let i = 0; i < claims.length; i += 1) {
        const { quota, amount } = claims[i] as QuotaClaim;
        const counter = counterOf(quota);
        counter.reserved -= amount;
        counter.settled += used[i] ?? 0;
      }
    };
    return {
      kind: 'reserved',
      settle: (used) => end(used, 'settled'),
      release: () => end([], 'released'),
    };
  }

  function left(quota: Quota): number {
    const { settled, reserved } = counterOf(quota);
    return quota.limit - settled - reserved;
  }

  return {
    ends,
    limits,
    mode: 'at once',
    reserve(claims) {
      if (this.mode === 'unavailable') return { kind: 'unavailable', reason: 'ThrottlingError' };
      if (this.mode === 'broken') throw new Error('quotas broken');
      return this.mode === 'at once'
        ? reserve(claims)
        : Promise.resolve().then(() => reserve(claims));
    },
    left: (quotas) => quotas.map(left),
    readLeft: async (quotas) =>
      quotas.map((quota) => ({ quota, left: left(quota), resetsAt: WINDOW.resetsAt })),
    flush: async () => {},
    close: async () => {},
    settled: (name) =>
      [...counters].reduce(
        (sum, [quota, { settled }]) => sum + (nameOf(quota) === name ? settled : 0),
        0,
      ),
    reserved: () => [...counters.values()].reduce((sum, { reserved }) => sum + reserved, 0),
  };
}

export interface FakeKeys extends WorkspaceKeys {
  readonly refreshes: string[];
  /** What a refresh finds. */
  fresh: string | undefined;
}

export const KEY = 'Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J';

export function fakeKeys(): FakeKeys {
  const keys = new Map<string, ApiKey>();
  return {
    refreshes: [],
    fresh: undefined,
    current(workspace) {
      let key = keys.get(workspace);
      if (!key) {
        key = new ApiKey(`${KEY}-${workspace}`);
        keys.set(workspace, key);
      }
      return key;
    },
    async instead(workspace) {
      this.refreshes.push(workspace);
      const key = new ApiKey(this.fresh ?? `${KEY}-${workspace}-again`);
      keys.set(workspace, key);
      return key;
    },
  };
}
