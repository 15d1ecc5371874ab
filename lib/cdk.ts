export { loadPolicy } from '../governance/policy/load-policy.js';
export type { Policy, PolicyInput } from '../governance/policy/policy.js';
export type { AddedCaller } from './gateway/gateway-callers.js';
export type { QuotaTable } from './gateway/quota-table.js';
export { GovernanceStack, type GovernanceStackProps } from './governance-stack.js';
export { MistralGovernance } from './mistral-governance.js';
export type { MistralGovernanceProps } from './mistral-governance-props.js';
