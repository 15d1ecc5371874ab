import type { Ledger } from '../ledger/ledger.js';
import { type LedgerCounts, NO_COUNTS } from '../ledger/ledger-row.js';
import type { Policy } from '../policy/policy.js';
import type { Usage } from '../prices/request-cost.js';
import type { Demand } from './demand.js';

/** What is kept of who used what, beside the counters of the quotas. */
export interface UsageRecord {
  /** One request, as it is settled. */
  settled(request: SettledRequest): void;
  /** One request that was refused before anything was sent. */
  refused(request: RefusedRequest): void;
}

/** Who asks: what a grant and the access of a caller have in common. */
interface Asker {
  readonly workspace: string;
  readonly role: string;
  /** As the policy's `ledger.callers` names callers. */
  readonly caller: string;
}

export interface SettledRequest {
  readonly demand: Demand;
  readonly reservedAtMs: number;
  /** Calls of Mistral's API: more than one where it was at its rate limit. */
  readonly calls: number;
  /** As it was charged: what is not known, at its upper bound. */
  readonly usage: ChargedUsage;
  /** In nano-units. */
  readonly cost: number;
}

export type ChargedUsage = Omit<Usage, 'annotatedPages'>;

export interface RefusedRequest {
  readonly asker: Asker;
  readonly atMs: number;
  /** Its path, with `{id}` instead of an id. */
  readonly route: string;
  /** @default it is not known */
  readonly modelId?: string | undefined;
  readonly code: string;
}

export const NO_RECORD: UsageRecord = { settled() {}, refused() {} };

/** Into the ledger, by the ids of the policy's workspaces. */
export function createUsageRecord(
  { workspaces }: Pick<Policy, 'workspaces'>,
  ledger: Pick<Ledger, 'record'>,
): UsageRecord {
  const ids = new Map(workspaces.map(({ name, id }) => [name, id]));
  const idOf = (workspace: string) => ids.get(workspace) ?? workspace;

  return {
    settled({ demand: { grant, route }, reservedAtMs, calls, usage, cost }) {
      const { caller, role, modelId: model, workspace } = grant;
      ledger.record({
        workspaceId: idOf(workspace),
        atMs: reservedAtMs,
        subject: { caller, role, model, endpoint: route, tier: usage.serviceTier, code: '' },
        counts: countsOf(usage, calls, cost),
      });
    },

    refused({ asker: { workspace, caller, role }, atMs, route, modelId = '', code }) {
      ledger.record({
        workspaceId: idOf(workspace),
        atMs,
        subject: { caller, role, model: modelId, endpoint: route, tier: 'standard', code },
        counts: REFUSED_ONCE,
      });
    },
  };
}

const REFUSED_ONCE: LedgerCounts = { ...NO_COUNTS, requests: 1 };

function countsOf(usage: ChargedUsage, requests: number, costNanos: number): LedgerCounts {
  const { promptTokens, cachedTokens, completionTokens, pages, audioSeconds, characters } = usage;
  return {
    requests,
    promptTokens,
    cachedTokens,
    completionTokens,
    pages,
    audioSeconds,
    characters,
    costNanos,
  };
}

/** What a demand may use at most, as if it were used. */
export function usageAtBound(demand: Demand): ChargedUsage {
  const { promptTokens, completionTokens, pages, audioSeconds, characters, priority } = demand;
  return {
    promptTokens,
    cachedTokens: 0,
    completionTokens,
    pages,
    audioSeconds,
    characters,
    serviceTier: priority ? 'priority' : 'standard',
  };
}
