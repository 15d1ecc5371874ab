import { mapBounded } from '../../governance/platform/map-bounded.js';
import { judgeReports } from '../../governance/spend/judge-reports.js';
import { judgeSpend } from '../../governance/spend/judge-spend.js';
import type { RememberedSpend, SpendMemory } from '../../governance/spend/spend-memory.aws.js';
import type { SpendMetrics } from '../../governance/spend/spend-metrics.js';
import { type SpendRow, spendRows } from '../../governance/spend/spend-row.js';
import { NOTHING_TOLD } from '../../governance/spend/spend-state.js';
import { type GatherDeps, gatherSpend, type SpendProblem } from './gather-spend.js';
import { type News, type TellDeps, tellSpend } from './tell-spend.js';

export interface SpendMonitorDeps extends GatherDeps, TellDeps {
  readonly memory: SpendMemory;
  readonly metrics: SpendMetrics;
  /** Names in the commands of alerts. */
  readonly quotaTableName: string;
  readonly functionName: string;
}

export interface SpendSummary {
  readonly spend: readonly SpendRow[];
  /** How many alerts went out. */
  readonly told: number;
  readonly problems: readonly string[];
}

const WORKSPACES_AT_ONCE = 4;
/** Where it is remembered what concerns no single workspace; no workspace can have that name. */
const ORGANIZATION = '#organization';

/** Holds every workspace's spend against its budgets, and tells what on-call has not heard yet. */
export function createSpendMonitorHandler(deps: SpendMonitorDeps) {
  return async (): Promise<SpendSummary> => {
    const now = deps.now();
    const remembered = await deps.memory.recall();
    const stateOf = (workspace: string) => remembered.get(workspace)?.state ?? NOTHING_TOLD;
    const gathered = await gatherSpend(deps, stateOf, now);
    const problems = gathered.flatMap((one) => one.problems);

    const spend: SpendRow[] = [];
    const news = [reportNews(deps, problems, remembered, now)];
    const rules = {
      thresholds: deps.policy.alerts.spendThresholds,
      quotaTableName: deps.quotaTableName,
    };
    for (const { spend: facts } of gathered) {
      const workspace = facts.workspace.name;
      const { statuses, ...judged } = judgeSpend(facts, stateOf(workspace), rules, now);
      spend.push(...spendRows(facts, statuses, now));
      news.push({ workspace, before: remembered.get(workspace), ...judged });
    }
    deps.metrics.record(spend);
    const told = await tellEach(deps, news, now);

    deps.log.info('spend looked at', { rows: spend.length, told, problems: problems.length });
    return { spend, told, problems: problems.map(inWords) };
  };
}

function reportNews(
  { functionName }: SpendMonitorDeps,
  problems: readonly SpendProblem[],
  remembered: ReadonlyMap<string, RememberedSpend>,
  now: Date,
): News {
  const before = remembered.get(ORGANIZATION);
  const unreadable = problems.filter(({ source }) => source === 'billed');
  const reasons = new Map(unreadable.map(({ workspace, reason }) => [workspace, reason]));
  const judged = judgeReports(reasons, before?.state ?? NOTHING_TOLD, functionName, now);
  return { workspace: ORGANIZATION, before, ...judged };
}

/** An alert that cannot be sent keeps no other back. @throws the first failure, at the end */
async function tellEach(deps: TellDeps, news: readonly News[], now: Date): Promise<number> {
  const failures: unknown[] = [];
  const counts = await mapBounded(news, WORKSPACES_AT_ONCE, (one) =>
    tellSpend(deps, one, now).catch((error: unknown) => {
      deps.log.error('spend could not be told', { workspace: one.workspace, error });
      failures.push(error);
      return 0;
    }),
  );
  if (failures.length > 0) throw failures[0];
  return counts.reduce((sum, count) => sum + count, 0);
}

function inWords({ workspace, source, reason }: SpendProblem): string {
  const what = source === 'billed' ? "Mistral's usage report" : 'metered spend';
  return `${what} of ${workspace} could not be read: ${reason}`;
}
