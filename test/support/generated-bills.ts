import { randomFrom } from '../governance/quotas/traffic.js';

type Fields = Record<string, unknown>;

/** `digits` × 10^`exponent`: what a row or a price is made from, before it is written down in some way. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** What a generated row must become; money in units of 10^-80, so that every sum is a sum of integers. */
type Outcome =
  | { readonly kind: 'free' }
  | { readonly kind: 'counted'; readonly units: bigint }
  | { readonly kind: 'unpriced'; readonly value: number }
  | { readonly kind: 'unreadable'; readonly given: unknown };

interface Entry {
  /** Keys in the answer that lead to the row. */
  readonly path: readonly string[];
  readonly category: string;
  readonly metric: string;
  readonly group: string;
  readonly model: string | undefined;
  /** A row, or what stands in its place. */
  readonly row: unknown;
  /** `undefined` where the row's time is not readable. */
  readonly day: string | undefined;
  readonly outcome: Outcome;
}

/** An answer of `GET /v1/admin/usage`, and what is right for it, known from how it was made. */
export interface GeneratedBill {
  readonly answer: Fields;
  readonly right: {
    readonly currency: string;
    readonly totalNanos: number;
    readonly nanosByDay: Readonly<Record<string, number>>;
    readonly nanosByModel: Readonly<Record<string, number>>;
    /** Sorted texts, one for each row. */
    readonly unpriced: readonly string[];
    readonly unreadable: readonly string[];
  };
  readonly rows: number;
  readonly kinds: ReadonlySet<string>;
}

const OFFER_KINDS: readonly Offer['kind'][] = [
  ...(['plain', 'plain', 'plain', 'zoned', 'zoned'] as const),
  ...(['by-event', 'none', 'broken'] as const),
];
const SCALE = 80;
const ZONES = ['global', 'eu', 'us'];
const TIERS = ['standard', 'priority'];
const BROKEN_PRICES = ['free', null, -1, '-1E-7', 'Infinity', true, '', '1,5'];
const BROKEN_AMOUNTS = ['few', '', '1,000', '--5', '- 5', true, {}, [5], 'NaN', '0x10', '1e9999'];
const ZEROS = [0, '0', '0.00', '-0', '0E-8'];

/** Where rows stand; `*` is the model's key. */
const PLACES: readonly (readonly string[])[] = [
  ['completion', 'models', '*'],
  ['completion', 'models', '*'],
  ['ocr', 'models', '*'],
  ['connectors', 'models', '*'],
  ['audio', 'models', '*'],
  ['audio_characters', 'models', '*'],
  ['chat', 'models', '*'],
  ['libraries_api', 'pages', 'models', '*'],
  ['libraries_api', 'tokens', 'models', '*'],
  ['libraries_api', 'audio_seconds', 'models', '*'],
  ['vibe_code', 'completion', 'models', '*'],
  ['vibe_code', 'ocr', 'models', '*'],
  ['fine_tuning', 'training', '*'],
  ['fine_tuning', 'storage'],
  ['robots', 'arms', 'left', 'models', '*'],
  ['video', 'models', '*'],
];

/** Prices of one metric and group. */
interface Offer {
  readonly kind: 'plain' | 'zoned' | 'by-event' | 'none' | 'broken';
  /** By what a row says: event, zone and tier. */
  readonly prices: ReadonlyMap<string, Decimal>;
  readonly rows: readonly Fields[];
}

/** Bills of one month with about so many rows: the second is the first after more rows came late. */
export function generatedBills(seed: number, rowCount: number): [GeneratedBill, GeneratedBill] {
  const random = randomFrom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const chance = (share: number) => random() < share;

  const currency = pick(['USD', 'EUR']);
  const month = `20${26 + below(3)}-${String(1 + below(12)).padStart(2, '0')}`;
  const metrics = Math.max(3, Math.floor(rowCount / 25));
  const offers = new Map<string, Offer>();

  function decimal(most: number, lowest: number, highest: number): Decimal {
    const digits = BigInt(1 + below(10 ** (1 + below(most))));
    return { digits, exponent: lowest + below(highest - lowest + 1) };
  }

  /** One of the ways in which the same number is written. */
  function written({ digits, exponent }: Decimal, sign = ''): unknown {
    const way = below(5);
    const number = Number(`${sign}${digits}e${exponent}`);
    if (way < 2 && String(digits).length <= 15) return number;
    if (way === 3) return `${sign}${digits}${pick(['e', 'E'])}${exponent}`;
    if (way === 4) {
      const [first = '', ...rest] = String(digits);
      const scientific = exponent + rest.length;
      return `${sign}${first}.${rest.join('')}0E${scientific < 0 ? '' : '+'}${scientific}`;
    }
    const plain = plainly(digits, exponent);
    return chance(0.2) ? ` ${sign}${plain} ` : sign + plain;
  }

  function offerOf(metric: string, group: string): Offer {
    const known = offers.get(`${metric} ${group}`);
    if (known) return known;
    const kind = pick(OFFER_KINDS);
    const of = { billing_metric: metric, billing_group: group };
    const prices = new Map<string, Decimal>();
    const rows: Fields[] = [];
    const price = () => (chance(0.05) ? { digits: 0n, exponent: 0 } : decimal(6, -12, -4));
    const offer = (key: string, fields: Fields) => {
      const one = price();
      prices.set(key, one);
      rows.push({ event_type: null, ...of, ...fields, price: written(one) });
      // A price that is listed twice is one price.
      if (chance(0.1)) rows.push({ event_type: null, ...of, ...fields, price: written(one) });
    };
    if (kind === 'plain') offer('', chance(0.5) ? { event_type: 'api_tokens' } : {});
    if (kind === 'by-event') {
      for (const event of ['api_tokens', 'vibe_tokens']) offer(event, { event_type: event });
    }
    if (kind === 'zoned') {
      for (const api_zone of ZONES) {
        for (const service_tier of TIERS) {
          const isUsual = api_zone === 'global' && service_tier === 'standard';
          if (isUsual || chance(0.7)) {
            offer(`${api_zone} ${service_tier}`, { api_zone, service_tier });
          }
        }
      }
    }
    if (kind === 'broken') rows.push({ event_type: null, ...of, price: pick(BROKEN_PRICES) });
    const made = { kind, prices, rows };
    offers.set(`${metric} ${group}`, made);
    return made;
  }

  function timestamp(): { day: string | undefined; text: unknown } {
    const date = new Date(`${month}-${String(1 + below(28)).padStart(2, '0')}T00:00:00Z`);
    const day = date.toISOString().slice(0, 10);
    const at = new Date(date.getTime() + below(86_400) * 1000);
    const way = below(8);
    if (way === 0) return { day: undefined, text: pick([undefined, null, 'yesterday', '', 1.7e9]) };
    if (way < 4) return { day, text: day };
    if (way === 4) return { day, text: at.toISOString().replace('.000Z', '') };
    if (way === 5) return { day, text: at.toISOString() };
    const hours = below(27) - 13;
    const local = new Date(at.getTime() + hours * 3_600_000).toISOString().slice(0, 19);
    const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}`;
    return { day, text: `${local}${zone}${pick([':00', '00'])}` };
  }

  function entry(): Entry {
    const place = pick(PLACES);
    const metric = `metric-${below(metrics)}`;
    const isStorage = place.at(-1) === 'storage';
    const isModels = place.includes('models');
    const group = isStorage ? 'storage' : pick(['input', 'output', 'cached', 'pages']);
    const modelKey = isModels && chance(0.8) ? `name of ${metric}::${metric}` : metric;
    const path = isStorage
      ? [...place, metric]
      : [...place.map((key) => (key === '*' ? modelKey : key)), group];
    const fixed = {
      path,
      category: isStorage
        ? 'fine_tuning'
        : place.filter((key) => key !== 'models' && key !== '*').join('.'),
      metric,
      group,
      model: isModels ? metric : undefined,
    };
    const offer = offerOf(metric, group);
    const zone = isStorage ? undefined : pick([undefined, null, ...ZONES]);
    const tier = isStorage ? undefined : pick([undefined, null, ...TIERS]);
    const event =
      offer.kind === 'by-event' && !isStorage ? pick(['api_tokens', 'vibe_tokens']) : 'api_tokens';
    const price = rightPrice(offer, isStorage ? undefined : event, zone, tier);
    if (isStorage) {
      const count = below(50);
      const amount = { digits: BigInt(count), exponent: 0 };
      return {
        ...fixed,
        row: count,
        day: undefined,
        outcome: outcomeOf(amount, 1n, price, count),
      };
    }
    if (chance(0.01)) {
      return {
        ...fixed,
        row: pick(['lost', null, 7]),
        day: undefined,
        outcome: { kind: 'unreadable', given: undefined },
      };
    }
    const { day, text } = timestamp();
    const names = chance(0.8) ? { billing_metric: metric, billing_group: group } : {};
    const common = {
      usage_type: 'usage',
      event_type: event,
      ...names,
      api_zone: zone,
      service_tier: tier,
      timestamp: text,
    };
    const withAmount = (amount: unknown): Fields => {
      const way = below(4);
      if (way === 0) return { ...common, value: amount };
      if (way === 1) return { ...common, value: amount, value_paid: null };
      return {
        ...common,
        value: way === 2 || amount === null ? amount : 987_654_321,
        value_paid: amount,
      };
    };
    if (chance(0.03)) {
      const given = pick([...BROKEN_AMOUNTS, null]);
      return { ...fixed, row: withAmount(given), day, outcome: { kind: 'unreadable', given } };
    }
    if (chance(0.03))
      return { ...fixed, row: withAmount(pick(ZEROS)), day, outcome: { kind: 'free' } };
    const amount = chance(0.3) ? decimal(10, -6, 0) : decimal(chance(0.02) ? 10 : 8, 0, 2);
    const sign = chance(0.15) ? '-' : '';
    const given = written(amount, sign);
    return {
      ...fixed,
      row: withAmount(given),
      day,
      outcome: outcomeOf(amount, sign ? -1n : 1n, price, Number(given)),
    };
  }

  const entries: Entry[] = [];
  const stored = new Set<string>();
  while (entries.length < rowCount) {
    const one = entry();
    const isStored = one.path.at(-2) === 'storage';
    if (isStored && stored.has(one.metric)) continue; // there is one count of each stored model
    entries.push(one);
    if (isStored) stored.add(one.metric);
    // Mistral may report the same usage in several rows that look alike: each counts.
    else if (chance(0.05)) entries.push(one);
  }
  const early = entries.slice(0, Math.ceil(entries.length * (0.5 + random() / 2)));
  const described = {
    date: `${month}-28T12:00:00Z`,
    start_date: `${month}-01T00:00:00Z`,
    currency: pick([currency, currency.toLowerCase()]),
    currency_symbol: '$',
    vibe_usage: 0,
    previous_month: null,
    prices: [...offers.values()].flatMap(({ rows }) => rows),
  };
  const bill = (some: readonly Entry[]): GeneratedBill => ({
    answer: { ...described, ...categoriesOf(some) },
    right: rightOf(currency, some),
    rows: some.length,
    kinds: new Set(some.map(({ outcome }) => outcome.kind)),
  });
  return [bill(early), bill(entries)];
}

function outcomeOf(
  { digits, exponent }: Decimal,
  sign: bigint,
  price: Decimal | undefined,
  value: number,
): Outcome {
  if (digits === 0n) return { kind: 'free' };
  if (!price) return { kind: 'unpriced', value };
  const shift = SCALE + exponent + price.exponent;
  return { kind: 'counted', units: sign * digits * price.digits * 10n ** BigInt(shift) };
}

/**
 * Of the prices that contradict nothing that a row says: those with the usual value for most of what it
 * leaves out, and the highest of them.
 */
function rightPrice(
  { kind, prices }: Offer,
  event: string | undefined,
  zone: string | null | undefined,
  tier: string | null | undefined,
): Decimal | undefined {
  if (kind === 'plain') return prices.get('');
  if (kind === 'by-event') return event ? prices.get(event) : highest([...prices.values()]);
  const zones = zone ? [[zone]] : [['global'], ['eu', 'us']];
  const tiers = tier ? [[tier]] : [['standard'], ['priority']];
  const listed = (some: readonly string[], others: readonly string[]) =>
    some.flatMap((one) => others.flatMap((other) => prices.get(`${one} ${other}`) ?? []));
  const [usualZone = [], otherZones = []] = zones;
  const [usualTier = [], otherTiers = []] = tiers;
  return (
    highest(listed(usualZone, usualTier)) ??
    highest([...listed(usualZone, otherTiers), ...listed(otherZones, usualTier)]) ??
    highest(listed(otherZones, otherTiers))
  );
}

function highest(prices: readonly Decimal[]): Decimal | undefined {
  const size = ({ digits, exponent }: Decimal) => digits * 10n ** BigInt(SCALE + exponent);
  return [...prices].sort((one, other) => (size(one) < size(other) ? 1 : -1))[0];
}

function plainly(digits: bigint, exponent: number): string {
  if (exponent >= 0) return `${digits}${'0'.repeat(exponent)}`;
  const padded = String(digits).padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function categoriesOf(entries: readonly Entry[]): Fields {
  const categories: Fields = {};
  for (const { path, row } of entries) {
    let at = categories;
    for (const key of path.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Fields;
    }
    const last = path.at(-1) ?? '';
    if (path.at(-2) === 'storage') at[last] = row;
    else at[last] = [...((at[last] as unknown[] | undefined) ?? []), row];
  }
  return categories;
}

function rightOf(currency: string, entries: readonly Entry[]): GeneratedBill['right'] {
  let total = 0n;
  const days: Record<string, bigint> = {};
  const models: Record<string, bigint> = {};
  const unpriced: string[] = [];
  const unreadable: string[] = [];
  for (const { category, metric, group, model, day, outcome } of entries) {
    const kind = `${category} ${metric} ${group}`;
    if (outcome.kind === 'unpriced') unpriced.push(`${kind} ${outcome.value}`);
    if (outcome.kind === 'unreadable') {
      unreadable.push(`${kind} ${JSON.stringify(outcome.given)}`);
    }
    if (outcome.kind !== 'counted') continue;
    total += outcome.units;
    if (day !== undefined) days[day] = (days[day] ?? 0n) + outcome.units;
    if (model !== undefined) models[model] = (models[model] ?? 0n) + outcome.units;
  }
  const nanosOf = (sums: Record<string, bigint>) =>
    Object.fromEntries(Object.entries(sums).map(([key, units]) => [key, nanos(units)]));
  const charged = Object.entries(nanosOf(models)).filter(([, amount]) => amount > 0);
  return {
    currency,
    totalNanos: nanos(total),
    nanosByDay: nanosOf(days),
    nanosByModel: Object.fromEntries(charged),
    unpriced: unpriced.sort(),
    unreadable: unreadable.sort(),
  };
}

/** Rounded up to a whole nano-unit, towards zero where it is below. */
function nanos(units: bigint): number {
  const one = 10n ** BigInt(SCALE - 9);
  const rest = ((units % one) + one) % one;
  return Number((units - rest) / one + (rest > 0n ? 1n : 0n));
}
