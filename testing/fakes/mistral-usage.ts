import { type IsoDate, utcDay } from '../../governance/platform/utc-day.js';
import type { Currency } from '../../governance/platform/wording.js';
import { PRICE_LIST } from '../../governance/prices/price-list.js';

export type FakeUsage = ReturnType<typeof createFakeUsage>;

type Group = 'input' | 'output';

interface Entry {
  readonly workspaceId: string;
  readonly model: string;
  readonly day: IsoDate;
  readonly tokens: Record<Group, number>;
}

const GROUPS: readonly Group[] = ['input', 'output'];

/** Mistral's bill: tokens by workspace, model and day, at the prices of the days that it is read on. */
export function createFakeUsage(currency: Currency = 'USD') {
  const listed = listedIn(currency);
  const entries = new Map<string, Entry>();
  const ownPrices: TokenPrice[] = [];
  let held: (() => void)[] | undefined;

  function record(entry: Omit<Entry, 'tokens'>, inputTokens: number, outputTokens: number): void {
    const key = [entry.workspaceId, entry.model, entry.day].join(' ');
    const tokens = entries.get(key)?.tokens ?? { input: 0, output: 0 };
    tokens.input += inputTokens;
    tokens.output += outputTokens;
    entries.set(key, { ...entry, tokens });
  }

  return {
    /** Reports are late: nothing new is in them until `catchUp`. */
    fallBehind(): void {
      held ??= [];
    },

    catchUp(): void {
      for (const late of held ?? []) late();
      held = undefined;
    },

    /** What a million tokens of a model cost from a day on, once it is used; besides the list prices. */
    setPrice(model: string, from: IsoDate, prices: TokenPrice['prices']): void {
      ownPrices.push({ model, from, prices });
    },

    /** `model` is an exact id. */
    recordUsage(
      workspaceId: string,
      model: string,
      day: IsoDate,
      inputTokens: number,
      outputTokens: number,
    ): void {
      const late = () => record({ workspaceId, model, day }, inputTokens, outputTokens);
      if (held) held.push(late);
      else late();
    },

    /** The report of the month that begins at `start`; for all workspaces if none is named. */
    report(start: Date, now: Date, workspaceId?: string): unknown {
      const end = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1));
      const month = start.toISOString().slice(0, 7);
      const wanted = [...entries.values()].filter(
        (entry) =>
          entry.day.startsWith(month) &&
          (workspaceId === undefined || entry.workspaceId === workspaceId),
      );
      // A report of a month that is over keeps the prices of its last day.
      const until = utcDay(new Date(Math.min(now.getTime(), end.getTime() - 1)));
      const used = new Set([...entries.values()].map(({ model }) => model));
      const own = ownPrices.filter(({ model }) => used.has(model));
      const prices = pricesOn([...listed, ...own], until);
      return {
        ...EMPTY,
        ...monthOf(start, end, now),
        prices,
        completion: { models: rowsOf(wanted) },
        currency,
        currency_symbol: currency === 'USD' ? '$' : '€',
      };
    },
  };
}

/** Rows as in real reports, under `display name::billing metric` and the group. */
function rowsOf(entries: readonly Entry[]) {
  const byModel: Record<string, Partial<Record<Group, unknown[]>>> = {};
  for (const { model, day, tokens } of entries) {
    const name = displayName(model);
    const groups = byModel[`${name}::${model}`] ?? {};
    byModel[`${name}::${model}`] = groups;
    for (const group of GROUPS) {
      const value = tokens[group];
      if (value === 0) continue;
      const row = {
        usage_type: 'usage',
        event_type: 'api_tokens',
        billing_metric: model,
        billing_display_name: name,
        billing_group: group,
        timestamp: day,
        value,
        value_paid: value,
      };
      groups[group] = [...(groups[group] ?? []), row];
    }
  }
  return byModel;
}

function displayName(model: string): string {
  return PRICE_LIST.find(({ id }) => id === model)?.aliases[0] ?? model;
}

interface TokenPrice {
  readonly from: IsoDate;
  readonly model: string;
  /** Per million, in the currency of the bill. */
  readonly prices: Readonly<Partial<Record<PricedGroup, string>>>;
}

type PricedGroup = Group | 'cached';

function listedIn(currency: Currency): readonly TokenPrice[] {
  const at = currency === 'USD' ? 0 : 1;
  return PRICE_LIST.flatMap(({ id, prices }) =>
    prices.map((one) => ({
      from: one.from ?? '',
      model: id,
      prices: definedOf({
        input: one.inputPerMillionTokens?.[at],
        cached: one.cachedPerMillionTokens?.[at],
        output: one.outputPerMillionTokens?.[at],
      }),
    })),
  );
}

function definedOf(prices: Record<PricedGroup, string | undefined>): TokenPrice['prices'] {
  return Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== undefined));
}

/** The price list of one day, each price of a token in Mistral's exponent notation. */
function pricesOn(all: readonly TokenPrice[], day: IsoDate) {
  const latest = new Map<string, TokenPrice>();
  for (const one of all) {
    const known = latest.get(one.model);
    if (one.from <= day && (known === undefined || known.from <= one.from)) {
      latest.set(one.model, one);
    }
  }
  return [...latest.values()].flatMap(({ model, prices }) =>
    Object.entries(prices).map(([group, perMillion]) => ({
      event_type: 'api_tokens',
      billing_metric: model,
      billing_group: group,
      api_zone: 'global',
      service_tier: 'standard',
      price: `${perMillion}E-6`,
    })),
  );
}

function monthOf(start: Date, end: Date, now: Date) {
  return {
    date: now.toISOString(),
    start_date: start.toISOString(),
    end_date: end.toISOString(),
  };
}

const NONE = { models: {} };

const EMPTY = {
  completion: NONE,
  ocr: NONE,
  connectors: NONE,
  libraries_api: { pages: NONE, tokens: NONE, audio_seconds: NONE },
  fine_tuning: { training: {}, storage: {} },
  audio: NONE,
  audio_characters: NONE,
  vibe_usage: 0,
  vibe_code: {
    completion: NONE,
    ocr: NONE,
    connectors: NONE,
    audio: NONE,
    audio_characters: NONE,
  },
  chat: NONE,
  previous_month: null,
  next_month: null,
};
