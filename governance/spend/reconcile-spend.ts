/** How far metered and billed may be apart: the larger of both allowances counts. */
export interface DriftTolerance {
  /** Of the larger of both sums. */
  readonly percent: number;
  readonly nanos: number;
}

export type SpendReconciliation =
  | { readonly kind: 'fine' }
  | {
      readonly kind: 'drift';
      /** Billed more than metered: calls went around the gateway. The other way: prices are off. */
      readonly more: 'billed' | 'metered';
      readonly differenceNanos: number;
    };

// A dropped stream is metered by an estimate; a cent is less than anybody looks for.
export const DEFAULT_TOLERANCE: DriftTolerance = { percent: 5, nanos: 10_000_000 };

/** Compares a finished day's two sums of one workspace. */
export function reconcileSpend(
  meteredNanos: number,
  billedNanos: number,
  { percent, nanos }: DriftTolerance = DEFAULT_TOLERANCE,
): SpendReconciliation {
  const differenceNanos = Math.abs(billedNanos - meteredNanos);
  const allowed = Math.max(nanos, (Math.max(billedNanos, meteredNanos) * percent) / 100);
  if (differenceNanos <= allowed) return { kind: 'fine' };
  return {
    kind: 'drift',
    more: billedNanos > meteredNanos ? 'billed' : 'metered',
    differenceNanos,
  };
}
