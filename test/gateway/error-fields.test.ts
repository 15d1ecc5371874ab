import { expect, test } from 'vitest';
import { errorFields } from '../../gateway/error-fields.js';
import { ApiKey } from '../../governance/mistral/api-key.js';

const KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const ENCODED = Buffer.from(KEY).toString('base64');

test.each([
  ['message', { message: '[withheld: it quotes the API key]', type: 'auth', param: 'model' }],
  ['type', { message: 'no', type: '[withheld: it quotes the API key]', param: 'model' }],
  ['param', { message: 'no', type: 'auth', param: '[withheld: it quotes the API key]' }],
])('only the %s that quotes the key is withheld', (field, left) => {
  const said = { message: 'no', type: 'auth', param: 'model', code: '1000', [field]: ENCODED };

  const fields = errorFields(said, new ApiKey(KEY));

  expect(fields).toMatchObject({ object: 'error', ...left, code: '1000' });
  expect(fields.error).toMatchObject({ ...left, code: '1000' });
});
