import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  callerPattern,
  fixesPathAlone,
  matches,
  overlap,
} from '../../../governance/policy/caller-patterns.js';

describe('two patterns have an ARN in common', () => {
  test.each<[string, string, boolean]>([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'ab', false],
    ['a*', 'ab', true],
    ['a*', 'a', true],
    ['a*b', 'a*c', false],
    ['ab*', '*cd', true],
    ['ab*', 'b*', false],
    ['*a*', 'b', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*a', 'a', false],
    ['x/*/*', 'x/y*', true],
    ['*:a', 'b:*', true],
    ['*:a/*', '*:b/*', false],
  ])('%j and %j: %s', (one, other, common) => {
    expect(overlap(one, other)).toBe(common);
    expect(overlap(other, one)).toBe(common);
  });

  test('just as when every short text is tried', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', ':', '*'), maxLength: 4 });
    const texts = [''];
    for (const text of texts) if (text.length < 7) texts.push(`${text}a`, `${text}:`);
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        expect(overlap(one, other)).toBe(
          texts.some((text) => matches(one, text) && matches(other, text)),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('patterns with many stars are compared as quickly as others', () => {
    expect(overlap('*a'.repeat(40), '*b'.repeat(40))).toBe(false);
  });
});

describe('the sessions that a pattern is about', () => {
  test.each([
    ['arn:aws:iam::111122223333:role/analyst', 'arn:aws:sts::111122223333:assumed-role/analyst/*'],
    [
      'arn:aws-cn:iam::111122223333:role/a/b/analyst-*',
      'arn:aws-cn:sts::111122223333:assumed-role/analyst-*/*',
    ],
    ['arn:aws:iam::*:role/analyst', 'arn:aws:sts::*:assumed-role/analyst/*'],
    ['arn:aws:iam::111122223333:user/ada', 'arn:aws:iam::111122223333:user/ada'],
    [
      'arn:aws:sts::111122223333:assumed-role/analyst/ada',
      'arn:aws:sts::111122223333:assumed-role/analyst/ada',
    ],
  ])('%s', (principal, pattern) => {
    expect(callerPattern(principal)).toBe(pattern);
  });
});

test.each([
  ['arn:aws:iam::111122223333:role/service/*', true],
  ['arn:aws:iam::111122223333:role/service/**', true],
  ['arn:aws:iam::111122223333:role/*', false],
  ['arn:aws:iam::111122223333:role/*/*', false],
  ['arn:aws:iam::111122223333:role/service/a*', false],
  ['arn:aws:iam::111122223333:user/service/*', false],
])('%s fixes nothing but a path: %s', (principal, pathAlone) => {
  expect(fixesPathAlone(principal)).toBe(pathAlone);
});

test('only a star is special', () => {
  expect(matches('a.c', 'abc')).toBe(false);
  expect(matches('a+?(c', 'a+?(c')).toBe(true);
  expect(matches('a*', 'xa')).toBe(false);
});
