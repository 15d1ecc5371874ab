import * as z from 'zod';
import { PolicySchema } from '../../governance/policy/policy.js';
import { described, type JsonSchema, readFieldTexts, referencePage } from './policy-reference.js';

/** The policy's shape for editors, which complete and check `governance.yaml` with it. */
export function policyJsonSchema(): string {
  const schema = described(plainSchema(), readFieldTexts());
  return `${JSON.stringify({ title: 'mistral-governance policy', ...schema }, null, 2)}\n`;
}

/** The same for people: `docs/policy.md`. */
export function policyReference(): string {
  return referencePage(plainSchema(), readFieldTexts());
}

/** Without descriptions. */
export function plainSchema(): JsonSchema {
  return z.toJSONSchema(PolicySchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}
