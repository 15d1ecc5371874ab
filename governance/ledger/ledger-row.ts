import * as z from 'zod';
import type { ServiceTier } from '../prices/rates.js';

/** Whose requests are counted together, on one UTC day in one workspace. */
export interface LedgerSubject {
  /** As the policy's `ledger.callers` names callers. */
  readonly caller: string;
  readonly role: string;
  /** The exact id of the model; empty where a request was refused before it was known. */
  readonly model: string;
  /** The path, such as `/v1/chat/completions`. */
  readonly endpoint: string;
  readonly tier: ServiceTier;
  /** Why the requests were refused; empty for those that were settled. */
  readonly code: string;
}

/** What these requests used, as it was settled. */
export interface LedgerCounts {
  readonly requests: number;
  /** Cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly pages: number;
  readonly audioSeconds: number;
  readonly characters: number;
  /** In nano-units of the policy's currency. */
  readonly costNanos: number;
}

export interface LedgerRow extends LedgerSubject, LedgerCounts {}

export const NO_COUNTS: LedgerCounts = {
  requests: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  pages: 0,
  audioSeconds: 0,
  characters: 0,
  costNanos: 0,
};

export const COUNTED = Object.keys(NO_COUNTS) as readonly (keyof LedgerCounts)[];

export function addCounts(
  to: { -readonly [Name in keyof LedgerCounts]: number },
  counts: LedgerCounts,
): void {
  for (const name of COUNTED) to[name] += counts[name];
}

/** Corrections may be below zero. */
const CountSchema = z.int();

/** As stored: a list without names, since an item pays for every byte of every write. */
const StoredRowSchema = z
  .tuple([
    z.string(),
    z.string(),
    z.string(),
    z.string(),
    z.enum(['standard', 'priority', 'batch']),
    z.string(),
  ])
  .rest(CountSchema);

export function storedRow(row: LedgerRow): readonly (string | number)[] {
  const counts = COUNTED.map((name) => row[name]);
  while (counts.at(-1) === 0) counts.pop();
  return [row.caller, row.role, row.model, row.endpoint, row.tier, row.code, ...counts];
}

/** @throws ZodError for what this version did not write */
export function readRow(stored: unknown): LedgerRow {
  const [caller, role, model, endpoint, tier, code, ...counts] = StoredRowSchema.parse(stored);
  const named = COUNTED.map((name, at) => [name, counts[at] ?? 0]);
  const numbers: LedgerCounts = Object.fromEntries(named);
  return { caller, role, model, endpoint, tier, code, ...numbers };
}

/** What the keys of a workspace's ledger begin with. */
export function ledgerPartition(workspaceId: string): string {
  return `ledger#${workspaceId}#`;
}
