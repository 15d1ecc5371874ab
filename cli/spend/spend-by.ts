import { stringify } from 'csv-stringify/sync';
import {
  type Dimension,
  type Period,
  periodBefore,
  type Spender,
  totalOf,
} from '../../governance/ledger/spend-by.js';
import { addDays, type IsoDate, utcDay } from '../../governance/platform/utc-day.js';
import { type Currency, moneyText, numberText } from '../../governance/platform/wording.js';

import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT, wrongInput } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';
import type { Style } from '../terminal/style.js';
import { bar, left, renderTable, right, shrinking } from '../terminal/table.js';
import { readSpend } from './read-spend.js';

export interface SpendByOptions extends CommonOptions {
  readonly by?: Dimension;
  readonly from?: IsoDate;
  readonly to?: IsoDate;
  readonly top?: number;
  readonly csv?: boolean;
}

const TOP = 20;
const MOST_DAYS = 400;

/** Who spent it, on what: from the ledger, with the period before beside it. */
export async function spendBy(cli: Cli, by: Dimension, options: SpendByOptions): Promise<Answer> {
  const period = periodOf(options, cli.now());
  const policy = openPolicy(options.policy);
  const { currency } = policy.mistral;
  const { ledger } = await openDeployment(cli, options);
  const before = periodBefore(period);
  const [spenders, earlier] = await cli.progress.during(
    `reading the ledger from ${before.from} to ${period.to}`,
    async () => [
      await readSpend(ledger(), policy, by, period),
      await readSpend(ledger(), policy, by, before),
    ],
  );
  const report: Report = {
    by,
    period,
    currency,
    spenders,
    total: totalOf('total', spenders),
    earlierNanos: new Map(earlier.map(({ name, costNanos }) => [name, costNanos])),
    earlierTotalNanos: totalOf('total', earlier).costNanos,
  };
  return {
    document: documentOf(report, before),
    exitCode: EXIT.ok,
    text: (style) => (options.csv ? csvOf(report) : textOf(report, options.top ?? TOP, style)),
  };
}

interface Report {
  readonly by: Dimension;
  readonly period: Period;
  readonly currency: Currency;
  readonly spenders: readonly Spender[];
  readonly total: Spender;
  readonly earlierNanos: ReadonlyMap<string, number>;
  readonly earlierTotalNanos: number;
}

/** From the first of the running month until today, where nothing else is asked for. */
function periodOf({ from, to, top, json, csv }: SpendByOptions, now: Date): Period {
  if (json && csv) throw wrongInput('--json and --csv exclude each other: give one of them');
  if (top !== undefined && top < 1) throw wrongInput(`--top is ${top}: it must be at least 1`);
  const today = utcDay(now);
  const last = to ?? today;
  const first = from ?? `${last.slice(0, 8)}01`;
  if (first > last) throw wrongInput(`--from ${first} is after --to ${last}`);
  if (last > today) throw wrongInput(`--to ${last} is after today, ${today} in UTC`);
  if (addDays(first, MOST_DAYS) <= last) {
    throw wrongInput(
      `${first} to ${last} is more than ${MOST_DAYS} days, as long as they are kept`,
    );
  }
  return { from: first, to: last };
}

function documentOf(report: Report, before: Period): Answer['document'] {
  const { by, period, currency, spenders, total, earlierNanos, earlierTotalNanos } = report;
  return {
    by,
    ...period,
    currency,
    before: { ...before, costNanos: earlierTotalNanos },
    spenders: spenders.map((spender) => ({
      ...spender,
      costNanosBefore: earlierNanos.get(spender.name) ?? 0,
    })),
    total,
  };
}

function textOf(report: Report, top: number, style: Style): string {
  const { by, period, currency, spenders, total, earlierTotalNanos } = report;
  if (spenders.length === 0) return `nothing was used from ${period.from} to ${period.to}\n`;
  const most = spenders[0]?.costNanos ?? 0;
  const others = spenders.slice(top);
  const rest = others.length > 0 ? [totalOf(`${numberText(others.length)} more`, others)] : [];
  const earlierOf = ({ name }: Spender) => report.earlierNanos.get(name) ?? 0;
  const table = renderTable([...spenders.slice(0, top), ...rest, total], style, [
    shrinking(by, ({ name }) => name),
    right('spent', ({ costNanos }) => moneyText(costNanos, currency)),
    left('', ({ costNanos }) => bar(costNanos / most, 10)),
    right('share', ({ costNanos }) => percentText(costNanos, total.costNanos)),
    right('before', (spender) =>
      spender === total
        ? trendText(total.costNanos, earlierTotalNanos)
        : rest.includes(spender)
          ? ''
          : trendText(spender.costNanos, earlierOf(spender)),
    ),
    right('requests', ({ requests }) => numberText(requests)),
    right('refused', ({ refused }) => countsText(refused)),
    right('tokens', ({ promptTokens, completionTokens }) =>
      numberText(promptTokens + completionTokens),
    ),
  ]);
  return `${table}\n${period.from} to ${period.to}, in UTC; the trend is against as many days before\n`;
}

function percentText(part: number, of: number): string {
  return of > 0 ? `${Math.round((part * 100) / of)} %` : '';
}

/** `+12 %`, `8 times`, `new`. */
function trendText(nanos: number, earlierNanos: number): string {
  if (earlierNanos <= 0) return nanos > 0 ? 'new' : '';
  const ratio = nanos / earlierNanos;
  if (ratio >= 3) return `${numberText(Math.round(ratio))} times`;
  const percent = Math.round((ratio - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

function countsText(refused: Readonly<Record<string, number>>): string {
  const count = Object.values(refused).reduce((sum, one) => sum + one, 0);
  return count > 0 ? numberText(count) : '';
}

/** For a spreadsheet, which would run what begins like a formula. */
function csvOf({ by, currency, spenders, earlierNanos }: Report): string {
  const money = (nanos: number) => (nanos / 1e9).toFixed(9);
  const rows = spenders.map(({ name, refused, costNanos, ...counts }) => ({
    [by]: name,
    [`cost_${currency.toLowerCase()}`]: money(costNanos),
    [`cost_${currency.toLowerCase()}_before`]: money(earlierNanos.get(name) ?? 0),
    requests: counts.requests,
    refused: Object.values(refused).reduce((sum, one) => sum + one, 0),
    prompt_tokens: counts.promptTokens,
    cached_tokens: counts.cachedTokens,
    completion_tokens: counts.completionTokens,
    pages: counts.pages,
    audio_seconds: counts.audioSeconds,
    characters: counts.characters,
  }));
  return stringify(rows, { header: true, escape_formulas: true });
}
