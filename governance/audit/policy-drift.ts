import type { MistralWorkspace } from '../mistral/mistral.js';
import type { SpendLimit } from '../mistral/mistral-limits.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy, Workspace } from '../policy/policy.js';
import { type Finding, findingId, severityOf } from './finding.js';
import { shown } from './shown.js';

const SECONDS_PER_MINUTE = 60;

/** Scopes of the ids, so that findings of one half stand while the other cannot be read. */
export const WORKSPACE_DRIFT = 'workspace';
export const RATE_DRIFT = 'rate';
export const SPEND_DRIFT = 'spend';

/** Workspaces of the policy that Mistral no longer lists (archived ones are not) or has renamed. */
export function judgeWorkspaces(
  { workspaces }: Policy,
  listed: readonly MistralWorkspace[],
  now: Date,
): Finding[] {
  const namesById = new Map(listed.map(({ id, name }) => [id, name]));
  return workspaces.flatMap((workspace) => {
    const name = namesById.get(workspace.id);
    if (name === workspace.name) return [];
    const reason =
      name === undefined
        ? 'Mistral does not list the workspace: it is archived, deleted, or the id is wrong'
        : `the workspace is named "${shown(name)}" at Mistral`;
    const field = name === undefined ? 'id' : 'name';
    return [drift(WORKSPACE_DRIFT, workspace, now, { reason, id: workspace.id }, field)];
  });
}

/** Workspaces that are promised more requests than Mistral lets the whole organization make. */
export function judgeRateLimit(
  { workspaces }: Policy,
  requestsPerSecond: number,
  now: Date,
): Finding[] {
  const allowed = requestsPerSecond * SECONDS_PER_MINUTE;
  return workspaces.flatMap((workspace) => {
    if (workspace.requestsPerMinute <= allowed) return [];
    const evidence = {
      reason: "the policy allows more requests than Mistral's rate limit",
      policy: `${workspace.requestsPerMinute} requests/minute`,
      mistral: `${allowed} requests/minute (${requestsPerSecond}/s)`,
    };
    return [drift(RATE_DRIFT, workspace, now, evidence, 'requestsPerMinute')];
  });
}

/** Whether the monthly budgets together are more than Mistral lets the organization spend. */
export function judgeSpendLimit(
  policy: Policy,
  { limit, reached }: SpendLimit,
  now: Date,
): Finding[] {
  if (limit === undefined) return [];
  const { currency } = policy.mistral;
  const budgets = policy.workspaces.map((workspace) => monthlyBudget(policy, workspace) ?? 0);
  const promised = Math.round(budgets.reduce((sum, budget) => sum + budget, 0) * 100) / 100;
  if (promised <= limit && !reached) return [];
  const reason = reached
    ? "Mistral's monthly spend limit is reached: it refuses every key until the month ends"
    : "the monthly budgets together are more than Mistral's monthly spend limit";
  return [
    {
      ...organizationDrift,
      id: findingId('policy-drift', SPEND_DRIFT, ORGANIZATION),
      severity: reached ? 'critical' : severityOf('policy-drift', true),
      evidence: {
        reason,
        policy: `${promised.toFixed(2)} ${currency} a month over all workspaces`,
        mistral: `${limit.toFixed(2)} ${currency} a month`,
      },
      since: utcDay(now),
    },
  ];
}

const ORGANIZATION = 'organization';

const organizationDrift = {
  type: 'policy-drift',
  subject: ORGANIZATION,
  workspace: ORGANIZATION,
  nextCommand:
    "npx cdk deploy --all # once the monthly limit in Mistral's console, or the monthly budgets in governance.yaml, are right",
} as const;

function monthlyBudget({ mistral }: Policy, { budgets }: Workspace): number | undefined {
  return mistral.currency === 'USD' ? budgets.monthlyUsd : budgets.monthlyEur;
}

function drift(
  scope: string,
  { name }: Workspace,
  now: Date,
  evidence: Record<string, string>,
  field: string,
): Finding {
  return {
    id: findingId('policy-drift', scope, name),
    type: 'policy-drift',
    severity: severityOf('policy-drift', true),
    subject: name,
    workspace: name,
    evidence,
    since: utcDay(now),
    nextCommand: `npx cdk deploy --all # once workspaces[${name}].${field} in governance.yaml is right`,
  };
}
