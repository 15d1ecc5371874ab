import { expect, test } from 'vitest';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { redactKey } from '../../../governance/mistral/redact-key.js';

const key = new ApiKey('HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y');

test.each([
  ['the whole key', 'bad key HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y!', 'bad key [api key]!'],
  ['the key in another case', 'hqsxfb7iajrknhrv0e5oayjno1h2ug6y', '[api key]'],
  ['its first eight characters', 'HQSxfB7I...', '[api key]...'],
  ['a piece at the very end', 'ends in AYJNO1h2Ug6Y', 'ends in [api key]'],
  ['two pieces', 'HQSxfB7Ia and NO1h2Ug6Y', '[api key] and [api key]'],
  ['a piece shorter than eight', 'HQSx...Ug6Y', 'HQSx...Ug6Y'],
  ['no key', 'Unauthorized', 'Unauthorized'],
])('leaves nothing of %s', (_name, text, redacted) => {
  expect(redactKey(text, key)).toBe(redacted);
});

test('redacts a key that is shorter than a piece', () => {
  expect(redactKey('key k-123 rejected', new ApiKey('k-123'))).toBe('key [api key] rejected');
});

// Where each backslash is tried as a start, this takes minutes.
test('leaves a text of nothing but backslashes as it is', () => {
  expect(redactKey('\\'.repeat(300_000), key)).toHaveLength(300_000);
});
