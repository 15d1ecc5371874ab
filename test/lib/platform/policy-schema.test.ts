import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policyJsonSchema } from '../../../lib/platform/policy-schema.js';

const committed = readFileSync(
  join(import.meta.dirname, '../../../docs/governance.schema.json'),
  'utf8',
);

test('the schema that editors use is the one the policy is checked with: else npm run schema', () => {
  expect(committed).toBe(policyJsonSchema());
});

test('a field with a default may be left out', () => {
  const { required, properties } = JSON.parse(policyJsonSchema());
  expect(required).toEqual(['workspaces']);
  expect(properties.rotation.properties.quietDays.default).toBe(1);
});
