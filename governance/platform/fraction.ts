/** An exact number: money must not go through binary fractions. */
export interface Fraction {
  readonly numerator: bigint;
  /** Above zero. */
  readonly denominator: bigint;
}

const DECIMAL = /^\+?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/;
// Far beyond any price, and small enough to compute with.
const MAX_DIGITS = 200;

export const ZERO = fraction(0n);

export function fraction(numerator: bigint, denominator = 1n): Fraction {
  return { numerator, denominator };
}

/** Reads `12`, `0.15` or `8.50E-8` digit by digit; `undefined` for all that is not a decimal ≥ 0. */
export function parseDecimal(value: unknown): Fraction | undefined {
  // A number's shortest text is what the file or the answer said.
  if (typeof value === 'number') return value === 0 ? ZERO : parseDecimal(String(value));
  if (typeof value !== 'string' || value.length > MAX_DIGITS) return undefined;
  const [, whole = '', decimals = '', exponent = '0'] = DECIMAL.exec(value.trim()) ?? [];
  const digits = whole + decimals;
  const scale = decimals.length - Number(exponent);
  if (digits === '' || Math.abs(scale) > MAX_DIGITS) return undefined;
  return scale > 0
    ? fraction(BigInt(digits), 10n ** BigInt(scale))
    : fraction(BigInt(digits) * 10n ** BigInt(-scale));
}

/** As `parseDecimal`, and what is below zero, such as a refund. */
export function parseSignedDecimal(value: unknown): Fraction | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\s*-[\d.]/.test(text)) return parseDecimal(text);
  const size = parseDecimal(text.trim().slice(1));
  return size && fraction(-size.numerator, size.denominator);
}

export function add(one: Fraction, other: Fraction): Fraction {
  const [small, large] = one.denominator < other.denominator ? [one, other] : [other, one];
  if (large.denominator % small.denominator === 0n) {
    const times = large.denominator / small.denominator;
    return fraction(large.numerator + small.numerator * times, large.denominator);
  }
  return fraction(
    one.numerator * other.denominator + other.numerator * one.denominator,
    one.denominator * other.denominator,
  );
}

export function multiply(one: Fraction, other: Fraction): Fraction {
  return fraction(one.numerator * other.numerator, one.denominator * other.denominator);
}

export function isMore(one: Fraction, other: Fraction): boolean {
  return one.numerator * other.denominator > other.numerator * one.denominator;
}

export function larger(one: Fraction, other: Fraction): Fraction {
  return isMore(other, one) ? other : one;
}

/** In lowest terms. */
export function reduce({ numerator, denominator }: Fraction): Fraction {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return fraction(numerator / divisor, denominator / divisor);
}

export function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : greatestCommonDivisor(other, one % other);
}

export function floor({ numerator, denominator }: Fraction): number {
  return wholeNumber(numerator / denominator);
}

export function ceiling(exact: Fraction): number {
  return wholeNumber(exactCeiling(exact));
}

export function exactCeiling({ numerator, denominator }: Fraction): bigint {
  // Division of bigints drops what is behind the point, which is up for what is below zero.
  return (numerator > 0n ? numerator + denominator - 1n : numerator) / denominator;
}

/** More than a number holds exactly is beyond any budget: it stays at the largest safe one. */
function wholeNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
