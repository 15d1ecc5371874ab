export type { Policy, PolicyInput } from '../lambdas/domain/policy.js';
export { GovernanceStack, type GovernanceStackProps } from './governance-stack.js';
export { loadPolicy } from './load-policy.js';
export { MistralGovernance, type MistralGovernanceProps } from './mistral-governance.js';
export type { QuotaTable } from './quota-table.js';
