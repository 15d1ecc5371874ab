import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ApiKey, ApiKeySchema } from '../../../governance/mistral/api-key.js';
import { MARGINS, NO_KEYS } from '../../support/pasted-keys.js';

const plaintext = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';

test('only reveal() returns the key', () => {
  const key = new ApiKey(plaintext);
  expect(key.reveal()).toBe(plaintext);
  for (const printed of [`${key}`, JSON.stringify({ key }), inspect({ key }, { depth: 9 })]) {
    expect(printed).toContain('[api key]');
    expect(printed).not.toContain('Ug6Y');
  }
});

describe('a pasted key', () => {
  test.each(MARGINS)('has no margin of %s', (_name, margin) => {
    for (const text of [plaintext + margin, margin + plaintext, margin + plaintext + margin]) {
      expect(ApiKeySchema.parse(text).reveal()).toBe(plaintext);
    }
  });

  test.each(NO_KEYS)('is none with %s, and is not quoted', (_name, textOf) => {
    const { error } = ApiKeySchema.safeParse(textOf(plaintext));
    expect(error?.issues).toMatchObject([{ message: 'is not a key that a header can carry' }]);
    expect(inspect(error, { depth: 9 })).not.toContain(plaintext.slice(0, 8));
    expect(() => new ApiKey(textOf(plaintext))).toThrow(/^not a key that a header can carry$/);
  });

  test('is read in no time, however much white space surrounds it', () => {
    const space = ' \u00a0'.repeat(30_000);
    expect(ApiKeySchema.parse(space + plaintext + space).reveal()).toBe(plaintext);
    expect(ApiKeySchema.safeParse(`${space}x${space}y${space}`).success).toBe(false);
  });
});
