import { addDays, DAY_MS, type IsoDate, startOfDay } from '../governance/platform/utc-day.js';

/** The ways in which teams spend, each with quiet and loud days. */
export const SPEND_PATTERNS = [
  'flat',
  'nightly',
  'office-hours',
  'weekly-job',
  'growth',
  'launch-day',
  'month-end',
  'silent',
] as const;

export type SpendPattern = (typeof SPEND_PATTERNS)[number];

/** A month of one workspace, after twelve weeks of the same kind. */
export interface SpendMonth {
  readonly pattern: SpendPattern;
  readonly seed: number;
  /** `2026-11` */
  readonly month: string;
  /** Nano-units of each hour, from the first of `firstDay`. */
  readonly hours: readonly number[];
  readonly firstDay: IsoDate;
  readonly budgetNanos: number;
  /** From when on the months before say nothing: the launch. */
  readonly changesAt: Date | undefined;
}

export const DAYS_BEFORE = 84;
const HOURS = 24;

/** The same month for the same seed. */
export function spendMonth(pattern: SpendPattern, seed: number): SpendMonth {
  const random = createRandom(seed * 8 + SPEND_PATTERNS.indexOf(pattern));
  const first = new Date(Date.UTC(2026, Math.floor(random.between(0, 36)), 1));
  const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1));
  const month = first.toISOString().slice(0, 7);
  const firstDay = addDays(`${month}-01`, -DAYS_BEFORE);
  const daysOfMonth = (next.getTime() - first.getTime()) / DAY_MS;
  const shape = SHAPES[pattern](random, daysOfMonth);
  const hours: number[] = [];
  for (let index = 0; index < DAYS_BEFORE + daysOfMonth; index += 1) {
    const day = startOfDay(addDays(firstDay, index));
    const dayOfMonth = index - DAYS_BEFORE + 1;
    hours.push(...shape.day({ day, dayOfMonth, random }).map((nanos) => Math.round(nanos * 1e9)));
  }
  const total = hours.slice(DAYS_BEFORE * HOURS).reduce((sum, nanos) => sum + nanos, 0);
  const used = pattern === 'silent' ? random.between(0.02, 0.5) : random.between(0.55, 1.5);
  const changesAt =
    shape.changesOn === undefined
      ? undefined
      : new Date(first.getTime() + (shape.changesOn - 1) * DAY_MS);
  const budgetNanos = Math.max(1e9, Math.round(total / used));
  return { pattern, seed, month, hours, firstDay, budgetNanos, changesAt };
}

interface ADay {
  readonly day: Date;
  /** Of the month in question: 1 for its first day, less for the weeks before. */
  readonly dayOfMonth: number;
  readonly random: Random;
}

interface Shape {
  /** 24 hours. */
  day(given: ADay): number[];
  /** The day of the month on which something begins that was never there before. */
  readonly changesOn?: number;
}

type MakeShape = (random: Random, daysOfMonth: number) => Shape;

const isWeekend = (day: Date) => day.getUTCDay() % 6 === 0;
const level = (random: Random) => random.between(1, 40);

const flatHours = (random: Random, total: number) =>
  Array.from({ length: HOURS }, () => (total / HOURS) * random.noise(0.3));

const officeHours = (random: Random, day: Date, total: number) =>
  Array.from({ length: HOURS }, (_, hour) => {
    const share = hour >= 7 && hour < 18 ? Math.sin(((hour - 6.5) / 11.5) * Math.PI) / 7.3 : 0.004;
    return total * share * random.noise(0.3) * (isWeekend(day) ? 0.03 : 1);
  });

const oneHour = (at: number, total: number) =>
  Array.from({ length: HOURS }, (_, hour) => (hour === at ? total : 0));

const sums = (one: readonly number[], other: readonly number[]) =>
  one.map((nanos, hour) => nanos + (other[hour] ?? 0));

/** Either around the clock or in office hours, at a level that differs by the day. */
function usual(random: Random, base = level(random)): (given: ADay, factor?: number) => number[] {
  const isOffice = random.between(0, 1) < 0.5;
  return ({ day, random: ofDay }, factor = 1) => {
    const total = base * factor * ofDay.noise(0.15);
    return isOffice ? officeHours(ofDay, day, total) : flatHours(ofDay, total);
  };
}

const SHAPES: Readonly<Record<SpendPattern, MakeShape>> = {
  flat: (random) => {
    const base = level(random);
    return { day: ({ random: ofDay }) => flatHours(ofDay, base * ofDay.noise(0.15)) };
  },

  nightly: (random) => {
    const base = level(random);
    const at = Math.floor(random.between(0, 6));
    return {
      day: ({ random: ofDay }) =>
        sums(oneHour(at, base * ofDay.noise(0.2)), flatHours(ofDay, base * 0.02)),
    };
  },

  'office-hours': (random) => {
    const base = level(random);
    return { day: ({ day, random: ofDay }) => officeHours(ofDay, day, base * ofDay.noise(0.2)) };
  },

  'weekly-job': (random) => {
    const base = level(random);
    const [weekday, at] = [random.between(0, 7), random.between(0, HOURS)].map(Math.floor);
    return {
      day: ({ day, random: ofDay }) => {
        const job = day.getUTCDay() === weekday ? base * 5 * ofDay.noise(0.1) : 0;
        return sums(oneHour(at ?? 0, job), flatHours(ofDay, base * 0.2 * ofDay.noise(0.15)));
      },
    };
  },

  growth: (random) => {
    const ofDay = usual(random);
    const perWeek = random.between(1.04, 1.25);
    return { day: (given) => ofDay(given, perWeek ** (given.dayOfMonth / 7)) };
  },

  'launch-day': (random, daysOfMonth) => {
    const ofDay = usual(random);
    const changesOn = Math.floor(random.between(2, daysOfMonth - 4));
    const [peak, plateau] = [random.between(2, 6), random.between(1, 2.5)];
    return {
      changesOn,
      day: (given) => {
        const since = given.dayOfMonth - changesOn;
        return ofDay(given, since < 0 ? 1 : plateau + Math.max(0, peak - plateau) * 0.5 ** since);
      },
    };
  },

  'month-end': (random) => {
    const base = level(random);
    const ofDay = usual(random, base);
    const [days, factor] = [Math.floor(random.between(1, 4)), random.between(2, 8)];
    return {
      day: (given) => {
        const isLast = addDays(given.day.toISOString().slice(0, 10), days).slice(8) <= `0${days}`;
        const extra = isLast ? base * factor * given.random.noise(0.1) : 0;
        return sums(ofDay(given), flatHours(given.random, extra));
      },
    };
  },

  silent: () => ({
    day: ({ random }) => {
      const stray = random.between(0, 1) < 0.07 ? random.between(0.01, 0.6) : 0;
      return oneHour(Math.floor(random.between(0, HOURS)), stray);
    },
  }),
};

interface Random {
  between(from: number, to: number): number;
  /** Around 1, never negative; `spread` is its standard deviation. */
  noise(spread: number): number;
}

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = (seed * 0x9e3779b1) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    between: (from, to) => from + next() * (to - from),
    noise: (spread) => {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return Math.exp(spread * normal - spread ** 2 / 2);
    },
  };
}
