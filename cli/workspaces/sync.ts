import { judgeRateLimit, judgeSpendLimit } from '../../governance/audit/policy-drift.js';
import type { MistralWorkspace } from '../../governance/mistral/mistral.js';
import type { Organization } from '../../governance/mistral/organization.js';
import type { WorkspaceMaker } from '../../governance/mistral/workspace-maker.js';
import { collect } from '../../governance/platform/collect.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { listText } from '../../governance/platform/wording.js';
import { ownerOf } from '../../governance/policy/planned-keys.js';
import { failureAfter } from '../failure.js';
import type { Progress } from '../terminal/progress.js';
import type { PolicyDraft } from './policy-draft.js';
import { planWorkspaces, type WorkspacePlan } from './workspace-plan.js';

export interface SyncDeps {
  readonly organization: Pick<Organization, 'workspaces' | 'requestsPerSecond' | 'spendLimit'>;
  readonly maker: WorkspaceMaker;
  readonly now: () => Date;
  /** Whether to create the missing workspaces, of which there is at least one. */
  readonly confirm: (comparison: Comparison) => Promise<boolean>;
  readonly progress: Pick<Progress, 'during' | 'line'>;
}

/** A limit of the organization that is lower than what the policy promises. */
export interface LimitConflict {
  /** A workspace, or `organization`. */
  readonly subject: string;
  readonly reason: string;
  readonly policy: string;
  readonly mistral: string;
}

export interface Comparison extends WorkspacePlan {
  readonly limits: readonly LimitConflict[];
}

export interface Synced extends Comparison {
  readonly created: readonly MistralWorkspace[];
}

/** Compares, then creates what is missing. A second run finds by name what the first one created. */
export async function syncWorkspaces(deps: SyncDeps, draft: PolicyDraft): Promise<Synced> {
  const { progress } = deps;
  const comparison = await progress.during("reading Mistral's workspaces and limits", () =>
    compare(deps, draft),
  );
  const states = new Map(comparison.workspaces.map(({ name, kind }) => [name, kind]));
  const missing = draft.workspaces.filter(({ name }) => states.get(name) === 'missing');
  if (missing.length === 0 || !(await deps.confirm(comparison))) {
    return { ...comparison, created: [] };
  }

  const created: MistralWorkspace[] = [];
  for (const draft of missing) {
    const { name, team } = draft;
    try {
      const { id } = await progress.during(`creating ${name}`, () =>
        deps.maker.create({ name, description: team, adminUserId: ownerOf(draft) }),
      );
      created.push({ name, id });
      progress.line(oneLine(`created ${name} ${id}`)); // at once, so that the id is not lost after ^C
    } catch (error) {
      throw partlyCreated(name, created, error);
    }
  }
  return { ...comparison, created };
}

async function compare(
  { organization, now }: SyncDeps,
  { policy, workspaces }: PolicyDraft,
): Promise<Comparison> {
  const listed = await collect(organization.workspaces());
  const [requestsPerSecond, spendLimit] = await Promise.all([
    organization.requestsPerSecond(),
    organization.spendLimit(),
  ]);
  const findings = [
    ...judgeRateLimit(policy, requestsPerSecond, now()),
    ...judgeSpendLimit(policy, spendLimit, now()),
  ];
  return {
    ...planWorkspaces(workspaces, listed, policy.mistral.currency),
    limits: findings.map(({ subject, summary, evidence }) => ({
      subject,
      reason: summary,
      policy: String(evidence.policy),
      mistral: String(evidence.mistral),
    })),
  };
}

function partlyCreated(name: string, created: readonly MistralWorkspace[], error: unknown) {
  const before = listText(created.map((one) => `${one.name} ${one.id}`));
  const next = `created before it: ${before}; run the command again, it finds existing workspaces by name`;
  return failureAfter(error, { created }, next, `workspace ${name} could not be created: `);
}
