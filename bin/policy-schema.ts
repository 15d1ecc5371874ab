import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyJsonSchema } from '../lib/platform/policy-schema.js';

writeFileSync(
  join(import.meta.dirname, '..', 'docs', 'governance.schema.json'),
  policyJsonSchema(),
);
