import type { MetricLines } from '../platform/metric-lines.js';
import type { RetirementOutcome, RotationOutcome } from '../platform/metrics.js';

/** Counts how rotations or retirements ended. */
interface OutcomeCounts<Outcome> {
  count(outcome: Outcome): void;
}

export type RotationCounts = OutcomeCounts<RotationOutcome>;
export type RetirementCounts = OutcomeCounts<RetirementOutcome>;

export function createRotationCounts(lines: MetricLines): RotationCounts {
  return { count: (outcome) => lines.write('outcome', outcome, { Rotations: 1 }) };
}

export function createRetirementCounts(lines: MetricLines): RetirementCounts {
  return { count: (outcome) => lines.write('outcome', outcome, { Retirements: 1 }) };
}
