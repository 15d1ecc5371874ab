import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Budget, createWorld, isStrict } from './quota-world.js';

const CALM: Budget = {
  holders: 2,
  limit: 3,
  amounts: [1, 2],
  requests: 2,
  flushes: 1,
  losses: 0,
  crashes: 0,
  expiries: 0,
  pauses: 0,
};

/** Of 31, one holder takes two and a spare of two or three, the other all that is left without it. */
const LATE: Budget = { ...CALM, limit: 31, amounts: [2, 29], requests: 2, flushes: 2, pauses: 3 };

/** A holder has a lease that is about to end, and no request in flight. */
const LATE_OPENING = [
  'holder-0 reserves 2',
  'deliver holder-0',
  'holder-0 ends a request',
  'holder-0 flushes',
  'deliver holder-0',
  'time passes',
];

/** Plays a sequence by its choices; returns the possible choices at each step. */
async function play(
  budget: Budget,
  choose: (step: number, options: number) => number | undefined,
  opening: readonly string[] = [],
) {
  const world = createWorld(budget);
  const played: string[] = [];
  const options: number[] = [];
  try {
    for (const name of opening) {
      const action = world.actions().find((one) => one.name === name);
      if (!action) throw new Error(`no such action: "${name}"`);
      await action.play();
      world.check();
    }
    for (let step = 0; ; step += 1) {
      const actions = world.actions();
      const choice = actions.length > 0 ? choose(step, actions.length) : undefined;
      const action = choice === undefined ? undefined : actions[choice];
      if (!action) break;
      options.push(actions.length);
      played.push(action.name);
      await action.play();
      world.check();
    }
    played.push('all ends');
    await world.end();
    world.check();
    const { counter, spent, died, error, hasCrashed } = world.result();
    if (counter.committed !== counter.settled)
      throw new Error(`still reserved: ${counter.committed - counter.settled}`);
    if (!hasCrashed && counter.settled !== spent)
      throw new Error(`settled ${counter.settled} of ${spent} that was spent`);
    if (counter.settled < spent - error || counter.settled > spent + died)
      throw new Error(`settled ${counter.settled}, spent ${spent}, died ${died}, error ${error}`);
    if (isStrict(budget) && counter.settled > budget.limit)
      throw new Error(`settled ${counter.settled} of ${budget.limit}`);
  } catch (cause) {
    throw new Error(`${played.join(', ')}: ${cause instanceof Error ? cause.message : cause}`);
  }
  return options;
}

/** Plays every sequence of that many steps, each from its start. */
async function playAll(
  budget: Budget,
  steps: number,
  opening: readonly string[] = [],
): Promise<number> {
  let stories = 0;
  let path: number[] = [];
  while (true) {
    const options = await play(
      budget,
      (step) => (step < steps ? (path[step] ?? 0) : undefined),
      opening,
    );
    stories += 1;
    const full = options.map((_, step) => path[step] ?? 0);
    let last = full.length - 1;
    while (last >= 0 && (full[last] as number) + 1 >= (options[last] as number)) last -= 1;
    if (last < 0) return stories;
    path = [...full.slice(0, last), (full[last] as number) + 1];
  }
}

export interface Extent {
  /** Added to the length of every sequence. */
  readonly moreSteps: number;
  /** How many sequences there are at least where nothing came before. */
  readonly sequences: number;
  /** How many times as many long stories. */
  readonly times: number;
}

/** The tests of all interleavings. */
export function testInterleavings({ moreSteps, sequences, times }: Extent): void {
  test.each<[string, number, Budget]>([
    ['nothing goes wrong', 5, { ...CALM, amounts: [2] }],
    ['three holders share two', 4, { ...CALM, holders: 3, limit: 2, amounts: [1] }],
    ['a message is lost or late', 4, { ...CALM, amounts: [2], losses: 1 }],
    ['a holder dies', 5, { ...CALM, amounts: [1], requests: 2, crashes: 1 }],
    ['leases expire', 4, { ...CALM, amounts: [2], expiries: 1 }],
    ['one holder, and all of it', 4, { ...CALM, holders: 1, losses: 2, crashes: 1, expiries: 1 }],
  ])('every sequence in which %s keeps the guarantees', async (_, steps, budget) => {
    expect(await playAll(budget, steps + moreSteps)).toBeGreaterThan(sequences);
  });

  test.each<[string, number, Budget]>([
    ['nothing goes wrong', 3, LATE],
    ['a message is lost or late', 2, { ...LATE, losses: 1 }],
    ['a holder dies', 2, { ...LATE, flushes: 1, crashes: 1 }],
  ])(
    'with holders that flush in time, leases end and no limit is exceeded when %s',
    async (_, steps, budget) => {
      expect(await playAll(budget, steps + moreSteps, LATE_OPENING)).toBeGreaterThan(sequences / 5);
    },
  );

  test.each<[string, Partial<Budget>, number]>([
    ['with everything in them keep the guarantees', { crashes: 1, expiries: 3 }, 180],
    ['in which holders flush in time never exceed a limit', { crashes: 1, pauses: 6 }, 80],
  ])('long stories %s', async (_, changes, numRuns) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 150 }),
        fc.integer({ min: 1, max: 80 }),
        async (choices, limit) => {
          const budget: Budget = {
            holders: 3,
            limit,
            amounts: [1, 3, 7],
            requests: 15,
            flushes: 10,
            losses: 6,
            crashes: 0,
            expiries: 0,
            pauses: 0,
            ...changes,
          };
          await play(budget, (step, options) => {
            const choice = choices[step];
            return choice === undefined ? undefined : choice % options;
          });
        },
      ),
      { numRuns: numRuns * times, seed: 20261123 },
    );
  });
}
