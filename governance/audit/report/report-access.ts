import type { Policy } from '../../policy/policy.js';

/** Who may read which key: principals by ARN or pattern. */
export interface SecretReaders {
  readonly secret: string;
  /** Those that the policy file names. */
  readonly named: readonly string[];
  /** Others that the secret's own policy lets read it; `null` where that was not read. */
  readonly others: readonly string[] | null;
  /** Whether the secret's own policy denies it to all others; `null` where that was not read. */
  readonly isClosed: boolean | null;
}

/** Who may call with which role, and on which budget, as deployed. */
export interface ReportedAccess {
  readonly readers: readonly SecretReaders[];
  /** Whether callers have a gateway; they can always use the client library with a key. */
  readonly hasGateway: boolean;
  readonly currency: Policy['mistral']['currency'];
  readonly callers: readonly Policy['callers'][number][];
  readonly roles: Policy['roles'];
  readonly workspaces: readonly Pick<
    Policy['workspaces'][number],
    'name' | 'team' | 'models' | 'requestsPerMinute' | 'budgets'
  >[];
}

export function accessOf(policy: Policy, readers: readonly SecretReaders[]): ReportedAccess {
  return {
    readers,
    hasGateway: policy.gateway.enabled,
    currency: policy.mistral.currency,
    callers: policy.callers,
    roles: policy.roles,
    workspaces: policy.workspaces.map(({ name, team, models, requestsPerMinute, budgets }) => ({
      name,
      team,
      models,
      requestsPerMinute,
      budgets,
    })),
  };
}
