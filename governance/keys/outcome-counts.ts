import type { MetricLines } from '../platform/metric-lines.js';
import type { RetirementOutcome, RotationOutcome } from '../platform/metrics.js';

/** Counts how rotations ended. */
export interface RotationCounts {
  count(outcome: RotationOutcome): void;
}

/** Counts how retirements ended. */
export interface RetirementCounts {
  count(outcome: RetirementOutcome): void;
}

export function createRotationCounts(lines: MetricLines): RotationCounts {
  return { count: (outcome) => lines.write('outcome', outcome, { Rotations: 1 }) };
}

export function createRetirementCounts(lines: MetricLines): RetirementCounts {
  return { count: (outcome) => lines.write('outcome', outcome, { Retirements: 1 }) };
}
