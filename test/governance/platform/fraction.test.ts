import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  ceiling,
  type Fraction,
  floor,
  fraction,
  multiply,
  parseDecimal,
  reduce,
} from '../../../governance/platform/fraction.js';

const part = fc.bigInt({ min: 0n, max: 10n ** 30n });
const fractions = fc
  .tuple(part, part)
  .map(([numerator, denominator]) => fraction(numerator, denominator + 1n));

describe('a decimal is read digit by digit', () => {
  test.each<[unknown, bigint, bigint]>([
    ['0.15', 3n, 20n],
    [0.15, 3n, 20n],
    [0.1, 1n, 10n],
    ['8.50E-8', 17n, 200_000_000n],
    ['8.50e-08', 17n, 200_000_000n],
    [8.5e-8, 17n, 200_000_000n],
    ['1e3', 1000n, 1n],
    ['+1.5E+2', 150n, 1n],
    [1e21, 10n ** 21n, 1n],
    [' 12 ', 12n, 1n],
    ['.5', 1n, 2n],
    ['5.', 5n, 1n],
    ['0', 0n, 1n],
    [0, 0n, 1n],
    [-0, 0n, 1n],
    ['0.000000000000000000001', 1n, 10n ** 21n],
  ])('%j', (value, numerator, denominator) => {
    expect(reduce(parseDecimal(value) as Fraction)).toEqual({ numerator, denominator });
  });

  test.each([
    [''],
    ['.'],
    ['e5'],
    ['1e'],
    ['-1'],
    [-1],
    ['1,5'],
    ['0x10'],
    ['NaN'],
    ['Infinity'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['1e999'],
    ['1e-99999999'],
    ['1'.repeat(100_000)],
    [null],
    [undefined],
    [true],
    [{}],
    [['1']],
  ])('fails on %j', (value) => {
    expect(parseDecimal(value)).toBeUndefined();
  });

  test('every number is read back unchanged', () => {
    const numbers = fc.double({ min: 1e-100, max: 1e100, noNaN: true });
    fc.assert(
      fc.property(numbers, (number) => {
        const { numerator, denominator } = parseDecimal(number) as Fraction;
        const digits = String(denominator).length - 1;
        expect(Number(`${numerator}e-${digits}`)).toBe(number);
      }),
    );
  });
});

test('sums and products are exact', () => {
  fc.assert(
    fc.property(fractions, fractions, (one, other) => {
      const sum = add(one, other);
      const product = multiply(one, other);
      expect(sum.numerator * one.denominator * other.denominator).toBe(
        (one.numerator * other.denominator + other.numerator * one.denominator) * sum.denominator,
      );
      expect(product.numerator * one.denominator * other.denominator).toBe(
        one.numerator * other.numerator * product.denominator,
      );
    }),
  );
});

test.each<[bigint, bigint, number, number]>([
  [0n, 7n, 0, 0],
  [7n, 7n, 1, 1],
  [8n, 7n, 1, 2],
  [13n, 7n, 1, 2],
  [10n ** 30n, 1n, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
])('%i/%i lies between %i and %i', (numerator, denominator, below, above) => {
  expect(floor(fraction(numerator, denominator))).toBe(below);
  expect(ceiling(fraction(numerator, denominator))).toBe(above);
});
