import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyJsonSchema, policyReference } from '../lib/platform/policy-schema.js';

const docs = join(import.meta.dirname, '..', 'docs');
writeFileSync(join(docs, 'governance.schema.json'), policyJsonSchema());
writeFileSync(join(docs, 'policy.md'), policyReference());
