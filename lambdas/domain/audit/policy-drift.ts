import { type Finding, findingId, severityOf } from '../finding.js';
import type { MistralWorkspace } from '../mistral.js';
import type { Policy, Workspace } from '../policy.js';
import { utcDay } from '../utc-day.js';
import { shown } from './shown.js';

const SECONDS_PER_MINUTE = 60;

/** Scopes of the ids, so that findings of one half stand while the other cannot be read. */
export const WORKSPACE_DRIFT = 'workspace';
export const RATE_DRIFT = 'rate';

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
    return drift(WORKSPACE_DRIFT, workspace, now, { reason, id: workspace.id }, field);
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
    return drift(RATE_DRIFT, workspace, now, evidence, 'requestsPerMinute');
  });
}

function drift(
  scope: string,
  { name }: Workspace,
  now: Date,
  evidence: Record<string, string>,
  field: string,
): Finding[] {
  return [
    {
      id: findingId('policy-drift', scope, name),
      type: 'policy-drift',
      severity: severityOf('policy-drift', true),
      subject: name,
      workspace: name,
      evidence,
      since: utcDay(now),
      nextCommand: `npx cdk deploy --all # once workspaces[${name}].${field} in governance.yaml is right`,
    },
  ];
}
