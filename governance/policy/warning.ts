import type { PolicyProblem } from './policy-problem.js';

/** What can be unexpected in a valid policy, and be accepted in `acceptedWarnings`. */
export const WARNING_IDS = [
  'any-account',
  'any-role',
  'sso-role-without-suffix',
  'chosen-session-name',
  'never-matches',
  'unused-workspace',
  'unknown-model',
  'limit-order',
  'unbounded-overflow',
  'no-subscription',
  'default-runbook',
  'example-value',
  'audit-schedule',
  'rotation-times',
  'accepted-finding',
] as const;

export type AcceptableId = (typeof WARNING_IDS)[number];

/** What is probably not what the policy's author wants, and what to do. */
export interface PolicyWarning extends PolicyProblem {
  readonly id: AcceptableId | 'accepted-nothing';
  /** What it is about, by which it can be accepted: a principal, a model, a workspace or a field. */
  readonly subject: string;
}

export type Warnings = Generator<PolicyWarning>;
