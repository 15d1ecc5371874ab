/** One measured number, and what it ought to be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: string;
  readonly holds: boolean;
}

type Measured = Pick<Figure, 'name' | 'value' | 'unit'>;

/** Measures something; `progress` says on the way what it does. */
export type Benchmark = (progress: (line: string) => void) => Promise<readonly Figure[]>;

export function atMost(limit: number, measured: Measured): Figure {
  return { ...measured, aim: `at most ${limit}`, holds: measured.value <= limit };
}

export function atLeast(limit: number, measured: Measured): Figure {
  return { ...measured, aim: `at least ${limit}`, holds: measured.value >= limit };
}

/** Told for comparison between machines and versions; any value will do. */
export function withoutAim(measured: Measured): Figure {
  return { ...measured, aim: 'none', holds: true };
}

/** The upper one of the middle two, of an even number. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('no median: no value was measured');
  return middle;
}
