import { numberText } from '../../governance/platform/wording.js';
import type { AwsPrice } from './aws-prices.js';

/** What a part of the system costs at AWS. */
export interface Cost {
  readonly service: string;
  readonly what: string;
  /** How many times which price. */
  readonly arithmetic: string;
  /** Rounded to a cent. */
  readonly cents: number;
  /** What it will be, where that is more. */
  readonly laterCents?: number;
}

/** The sum of what the rows show. */
export function sumOf(costs: readonly Cost[]): number {
  return costs.reduce((sum, one) => sum + one.cents, 0);
}

/** `16.25`. */
export function centsText(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** So many of what a price is for, and how they are counted. */
type Term = readonly [count: number, price: AwsPrice, text?: string];

/** A row: the sum of its terms. */
export function cost(
  service: string,
  what: string,
  terms: readonly Term[],
  { note }: { readonly note?: string } = {},
): Cost {
  const texts = terms.map(([count, { usd, per = 1 }, text = numberText(Math.round(count))]) =>
    per === 1 ? `${text} × ${usdText(usd)}` : `${text} × ${usdText(usd)} / ${numberText(per)}`,
  );
  const usd = terms.reduce(
    (sum, [count, price]) => sum + (count * price.usd) / (price.per ?? 1),
    0,
  );
  return {
    service,
    what,
    arithmetic: [...texts, ...(note ? [note] : [])].join('; '),
    cents: cents(usd),
  };
}

export function cents(usd: number): number {
  return Math.round(usd * 100);
}

/** With the digits that it has, two at least and ten at most. */
export function usdText(usd: number): string {
  const [whole, digits = ''] = usd.toFixed(10).replace(/0+$/, '').split('.');
  return `${whole}.${digits.padEnd(2, '0')}`;
}

/** `30.4`, `1,204.5`. */
export function tenths(count: number): string {
  const [whole = '', tenth] = count.toFixed(1).split('.');
  return numberText(Number(whole)) + (tenth === '0' ? '' : `.${tenth}`);
}
