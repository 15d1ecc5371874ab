/** One measured number, and its target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: string;
  readonly holds: boolean;
}

type Measured = Pick<Figure, 'name' | 'value' | 'unit'>;

/** Takes a measurement; `progress` reports its steps. */
export type Benchmark = (progress: (line: string) => void) => Promise<readonly Figure[]>;

export function atMost(limit: number, measured: Measured): Figure {
  return { ...measured, aim: `at most ${limit}`, holds: measured.value <= limit };
}

export function atLeast(limit: number, measured: Measured): Figure {
  return { ...measured, aim: `at least ${limit}`, holds: measured.value >= limit };
}

/** A figure for comparison between machines and versions, without a target. */
export function withoutAim(measured: Measured): Figure {
  return { ...measured, aim: 'none', holds: true };
}

/** For an even number of values, the upper one of the middle two. */
export function median(values: Float64Array | readonly number[]): number {
  const middle = Float64Array.from(values).sort()[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('no median: no value was measured');
  return middle;
}
