import * as z from 'zod';
import { PolicySchema } from '../../governance/policy/policy.js';

/** The policy's shape for editors, which complete and check `governance.yaml` with it. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(PolicySchema, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'mistral-governance policy', ...schema }, null, 2)}\n`;
}
