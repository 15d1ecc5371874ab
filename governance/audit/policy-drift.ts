import type { MistralWorkspace } from '../mistral/mistral.js';
import type { SpendLimit } from '../mistral/mistral-limits.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy, Workspace } from '../policy/policy.js';
import { type Finding, findingId, severityOf, toSafeLine } from './finding.js';

const SECONDS_PER_MINUTE = 60;

/** What puts a change of the policy into effect. */
export const DEPLOY_COMMAND = 'npx cdk deploy --all';

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
  return workspaces.flatMap((workspace) => {
    if (workspace.requestsPerMinute <= allowed) return [];
    return [
      workspaceDrift(RATE_DRIFT, workspace, now, {
        summary: `The policy allows ${workspace.requestsPerMinute} requests a minute, Mistral's rate limit ${allowed}.`,
        evidence: {
          policy: `${workspace.requestsPerMinute} requests/minute`,
          mistral: `${allowed} requests/minute (${requestsPerSecond}/s)`,
        },
        nextStep: `Lower requestsPerMinute of workspace ${workspace.name} in governance.yaml, then deploy`,
      }),
    ];
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
  const planned = Math.round(budgets.reduce((sum, budget) => sum + budget, 0) * 100) / 100;
  if (planned <= limit && !reached) return [];
  const [ours, theirs] = [planned, limit].map((amount) => `${amount.toFixed(2)} ${currency}`);
  return [
    {
      id: findingId('policy-drift', SPEND_DRIFT, ORGANIZATION),
      type: 'policy-drift',
      severity: reached ? 'critical' : severityOf('policy-drift', true),
      subject: ORGANIZATION,
      workspace: ORGANIZATION,
      summary: reached
        ? `Mistral's monthly spend limit of ${theirs} is reached: it rejects every key until the month ends.`
        : `The monthly budgets add up to ${ours}, more than Mistral's monthly spend limit of ${theirs}.`,
      evidence: {
        policy: `${ours} a month over all workspaces`,
        mistral: `${theirs} a month`,
      },
      since: utcDay(now),
      nextStep:
        'Raise the monthly limit in the Mistral console, or lower the monthly budgets in governance.yaml and deploy',
      nextCommand: DEPLOY_COMMAND,
    },
  ];
}

function monthlyBudget({ mistral }: Policy, { budgets }: Workspace): number | undefined {
  return mistral.currency === 'USD' ? budgets.monthlyUsd : budgets.monthlyEur;
}

function workspaceDrift(
  scope: string,
  { name, team }: Workspace,
  now: Date,
  { evidence, ...text }: Pick<Finding, 'summary' | 'evidence' | 'nextStep'>,
): Finding {
  return {
    id: findingId('policy-drift', scope, name),
    type: 'policy-drift',
    severity: severityOf('policy-drift', true),
    subject: name,
    workspace: name,
    evidence: { team, ...evidence },
    since: utcDay(now),
    nextCommand: DEPLOY_COMMAND,
    ...text,
  };
}
