import type { KeySource } from '../../governance/mistral/key-source.js';
import type { Member } from '../../governance/mistral/members.js';
import type { ListedKey, MistralWorkspace } from '../../governance/mistral/mistral.js';
import type { Organization } from '../../governance/mistral/organization.js';
import { collect } from '../../governance/platform/collect.js';
import { groupBy } from '../../governance/platform/group-by.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { billedSpend } from '../../governance/spend/billed-spend.js';

/** What Mistral says of one workspace. */
export interface FoundWorkspace extends MistralWorkspace {
  readonly keys: readonly ListedKey[];
  /** Of the last three full months, the oldest first; `undefined` where a month could not be read. */
  readonly monthlyNanos: readonly (number | undefined)[];
  /** In these months and the running one, the most expensive first. */
  readonly models: readonly string[];
}

export interface FoundOrganization {
  readonly currency: string | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly workspaces: readonly FoundWorkspace[];
  readonly members: readonly Member[];
  /** Keys of no workspace that Mistral lists. */
  readonly strays: readonly ListedKey[];
  readonly problems: readonly string[];
}

export interface OrganizationSources {
  readonly organization: Pick<Organization, 'workspaces' | 'requestsPerSecond' | 'usage'>;
  readonly keySource: Pick<KeySource, 'list'>;
  readonly members: () => Promise<readonly Member[]>;
}

const MONTHS = 3;
const AT_ONCE = 4;

export async function gatherOrganization(
  { organization, keySource, members }: OrganizationSources,
  now: Date,
): Promise<FoundOrganization> {
  const problems: string[] = [];
  const attempt = async <Answer>(what: string, act: () => Promise<Answer>) => {
    try {
      return await act();
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : 'unknown error'}`);
      return undefined;
    }
  };
  const workspaces = await collect(organization.workspaces());
  const keys = await collect(keySource.list());
  const byWorkspace = groupBy(keys, ({ workspaceId }) => workspaceId ?? '');
  let currency: string | undefined;
  const found = await mapBounded(workspaces, AT_ONCE, async (workspace) => {
    const months = Array.from({ length: MONTHS + 1 }, (_, back) => monthBefore(now, MONTHS - back));
    const spent = [];
    for (const month of months) {
      const usage = await attempt(
        `usage of ${workspace.name} in ${month.year}-${month.month}`,
        () => organization.usage({ ...month, workspaceId: workspace.id }),
      );
      spent.push(usage && billedSpend(usage));
      currency ??= usage?.currency;
    }
    return {
      ...workspace,
      keys: byWorkspace.get(workspace.id) ?? [],
      monthlyNanos: spent.slice(0, MONTHS).map((month) => month?.totalNanos),
      models: [
        ...new Set(spent.flatMap((month) => month?.byModel.map(({ model }) => model) ?? [])),
      ],
    };
  });
  const ids = new Set(workspaces.map(({ id }) => id));
  return {
    currency,
    requestsPerSecond: await attempt('rate limit', () => organization.requestsPerSecond()),
    workspaces: found,
    members: (await attempt('members', members)) ?? [],
    strays: keys.filter(({ workspaceId }) => !ids.has(workspaceId ?? '')),
    problems,
  };
}

function monthBefore(now: Date, back: number): { year: number; month: number } {
  const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back));
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1 };
}
