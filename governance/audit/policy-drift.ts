import type { MistralWorkspace } from '../mistral/mistral.js';
import type { SpendLimit } from '../mistral/mistral-limits.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { toSafeLine } from '../platform/quoting.js';
import { utcDay } from '../platform/utc-day.js';
import type { FindingType } from '../policy/finding-types.js';
import type { Policy, Workspace } from '../policy/policy.js';
import { type Finding, findingId, severityOf } from './finding.js';

const SECONDS_PER_MINUTE = 60;

/** Scopes of the ids, so that findings of one half stand while the other cannot be read. */
export const WORKSPACE_DRIFT = 'workspace';
export const RATE_DRIFT = 'rate';
export const SPEND_DRIFT = 'spend';

/** Workspaces of the policy that Mistral no longer lists (archived ones are not listed) or has renamed. */
export function judgeWorkspaces(
  { workspaces }: Policy,
  listed: readonly MistralWorkspace[],
  now: Date,
): Finding[] {
  const namesById = new Map(listed.map(({ id, name }) => [id, name]));
  return workspaces.flatMap((workspace) => {
    const name = namesById.get(workspace.id);
    if (name === workspace.name) return [];
    const isListed = name !== undefined;
    return [
      workspaceDrift(WORKSPACE_DRIFT, workspace, now, {
        summary: isListed
          ? `Mistral names the workspace "${toSafeLine(name)}".`
          : 'Mistral does not list the workspace: it is archived, deleted, or its id is wrong.',
        evidence: { id: workspace.id },
        nextStep: `Correct the ${isListed ? 'name' : 'id'} of workspace ${workspace.name} in governance.yaml, then deploy`,
      }),
    ];
  });
}

/** Workspaces whose policy allows more requests than Mistral lets the whole organization make. */
export function judgeRateLimit(
  { workspaces }: Policy,
  requestsPerSecond: number,
  now: Date,
): Finding[] {
  const allowed = requestsPerSecond * SECONDS_PER_MINUTE;
  return workspaces
    .filter(({ requestsPerMinute }) => requestsPerMinute > allowed)
    .map((workspace) =>
      workspaceDrift(RATE_DRIFT, workspace, now, {
        summary: `The policy allows ${workspace.requestsPerMinute} requests a minute, Mistral's rate limit ${allowed}.`,
        evidence: {
          policy: `${workspace.requestsPerMinute} requests/minute`,
          mistral: `${allowed} requests/minute (${requestsPerSecond}/s)`,
        },
        nextStep: `Lower requestsPerMinute of workspace ${workspace.name} in governance.yaml, then deploy`,
      }),
    );
}

/** Whether the monthly budgets together are more than Mistral lets the organization spend. */
export function judgeSpendLimit(
  policy: Policy,
  { limit, reached }: SpendLimit,
  now: Date,
): Finding[] {
  if (limit === undefined) return [];
  const { currency } = policy.mistral;
  const budgets = policy.workspaces.map(
    (workspace) => workspace.budgets[currency === 'USD' ? 'monthlyUsd' : 'monthlyEur'] ?? 0,
  );
  const planned = Math.round(budgets.reduce((sum, budget) => sum + budget, 0) * 100) / 100;
  if (planned <= limit && !reached) return [];
  const [ours, theirs] = [planned, limit].map((amount) => `${amount.toFixed(2)} ${currency}`);
  const finding = driftFinding('policy-drift', SPEND_DRIFT, ORGANIZATION, now, {
    workspace: ORGANIZATION,
    summary: reached
      ? `Mistral's monthly spend limit of ${theirs} is reached: it rejects every key until the month ends.`
      : `The monthly budgets add up to ${ours}, more than Mistral's monthly spend limit of ${theirs}.`,
    evidence: { policy: `${ours} a month over all workspaces`, mistral: `${theirs} a month` },
    nextStep:
      'Raise the monthly limit in the Mistral console, or lower the monthly budgets in governance.yaml and deploy',
  });
  return [reached ? { ...finding, severity: 'critical' } : finding];
}

function workspaceDrift(
  scope: string,
  { name, team }: Workspace,
  now: Date,
  { evidence, ...text }: Pick<Finding, 'summary' | 'evidence' | 'nextStep'>,
): Finding {
  const drift = { ...text, workspace: name, evidence: { team, ...evidence } };
  return driftFinding('policy-drift', scope, name, now, drift);
}

/** A difference between the policy and Mistral, which ends when the policy is changed and deployed. */
export function driftFinding(
  type: FindingType,
  scope: string,
  subject: string,
  now: Date,
  text: Pick<Finding, 'workspace' | 'summary' | 'evidence' | 'nextStep'>,
): Finding {
  return {
    id: findingId(type, scope, subject),
    type,
    severity: severityOf(type),
    subject,
    since: utcDay(now),
    nextCommand: 'npx cdk deploy --all',
    ...text,
  };
}
