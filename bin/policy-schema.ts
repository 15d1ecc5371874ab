import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy } from '../governance/policy/load-policy.js';
import {
  eventJsonSchemas,
  policyJsonSchema,
  policyReference,
} from '../lib/platform/policy-schema.js';
import { withCosts } from './costs-page.js';

const root = join(import.meta.dirname, '..');
writeFileSync(join(root, 'docs/governance.schema.json'), policyJsonSchema());
writeFileSync(join(root, 'docs/policy.md'), policyReference());
for (const [file, schema] of eventJsonSchemas()) {
  writeFileSync(join(root, 'docs/events', file), schema);
}

const costs = join(root, 'docs/costs.md');
const shipped = loadPolicy(join(root, 'governance.yaml'));
writeFileSync(costs, withCosts(readFileSync(costs, 'utf8'), shipped));
