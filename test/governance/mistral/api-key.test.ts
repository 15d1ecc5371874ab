import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ApiKey } from '../../../governance/mistral/api-key.js';

const plaintext = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';

test('only reveal() returns the key', () => {
  const key = new ApiKey(plaintext);
  expect(key.reveal()).toBe(plaintext);
  for (const printed of [`${key}`, JSON.stringify({ key }), inspect({ key }, { depth: 9 })]) {
    expect(printed).toContain('[api key]');
    expect(printed).not.toContain('Ug6Y');
  }
});
