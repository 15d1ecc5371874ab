import type { Redelivery } from '../../governance/alerts/event-bus.aws.js';
import { createFailures } from '../../governance/platform/failures.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { currencyAlerts } from '../../governance/spend/currency-change.js';
import { gatherSpend, type SpendSources } from '../../governance/spend/gather-spend.js';
import { judgeSpend } from '../../governance/spend/judge-spend.js';
import { judgeReports } from '../../governance/spend/reconciliation.js';
import { type SendDeps, sendAlerts } from '../../governance/spend/send-alerts.js';
import { type SettleJobsDeps, settleJobs } from '../../governance/spend/settle-jobs.js';
import type { SpendMemory } from '../../governance/spend/spend-memory.aws.js';
import { type SpendRow, spendRows } from '../../governance/spend/spend-row.js';
import { NO_ALERTS } from '../../governance/spend/spend-state.js';

export interface SpendMonitorDeps extends SpendSources, SendDeps {
  readonly memory: SpendMemory;
  /** What the gateway's batch jobs are settled with. @default there are none */
  readonly jobs?:
    | Pick<SettleJobsDeps, 'records' | 'batchJobs' | 'counters' | 'objects' | 'keyOf'>
    | undefined;
  record(rows: readonly SpendRow[]): void;
  readonly events: Redelivery;
  /** Names in the commands of alerts. */
  readonly quotaTableName: string;
  readonly functionName: string;
}

export interface SpendSummary {
  readonly spend: readonly SpendRow[];
  readonly alertsSent: number;
  /** What could not be read. */
  readonly problems: readonly string[];
}

const WORKSPACES_AT_ONCE = 4;
/** The state of what concerns no single workspace; no id or name has a `#`. */
const REPORTS = { id: '#organization', name: '#organization' };

const NO_JOBS = { settled: 0, open: 0, problems: [] };

/** Compares every workspace's spend with its budgets, and sends the alerts that are due. */
export function createSpendMonitorHandler(deps: SpendMonitorDeps) {
  return async (): Promise<SpendSummary> => {
    const now = deps.now();
    const remembered = await deps.memory.recall();
    const stateOf = ({ id, name }: typeof REPORTS) =>
      (remembered.get(id) ?? remembered.get(name))?.state ?? NO_ALERTS;
    const gathered = await gatherSpend(deps, stateOf, now);

    const rules = {
      thresholds: deps.policy.alerts.spendThresholds,
      quotaTableName: deps.quotaTableName,
    };
    const judged = gathered.spend.map((spend) => {
      const { workspace } = spend;
      const verdict = judgeSpend(spend, stateOf(workspace), rules, now);
      return { workspace, verdict, rows: spendRows(spend, verdict.statuses, now) };
    });
    const spend = judged.flatMap(({ rows }) => rows);
    deps.record(spend);

    const reports = judgeReports(gathered.unreadable, stateOf(REPORTS), deps.functionName, now);
    const { currency } = deps.policy.mistral;
    const known = deps.policy.workspaces.map((one) => ({ name: one.name, before: stateOf(one) }));
    const pending = [...currencyAlerts(known, currency, stateOf(REPORTS), now), ...reports.pending];
    const verdicts = [{ workspace: REPORTS, verdict: { ...reports, pending } }, ...judged];
    const failures = createFailures(deps.log);
    const sent = await mapBounded(verdicts, WORKSPACES_AT_ONCE, ({ workspace, verdict }) => {
      const { id, name } = workspace;
      const memory = { id, before: remembered.get(id), known: stateOf(workspace) };
      return failures.attempt('spend alerts not sent', name, () =>
        sendAlerts(deps, { workspace: name, ...memory, ...verdict }, now),
      );
    });
    // Of all functions, this one runs most often.
    await deps.events.redeliver().catch((error: unknown) => {
      deps.log.error('events not delivered again', { error });
    });
    // Last, since the results of a large job may take minutes.
    const jobs = deps.jobs ? await settleJobs({ ...deps, ...deps.jobs }) : NO_JOBS;
    failures.throwIfAny();

    const alertsSent = sent.reduce<number>((sum, count = 0) => sum + count, 0);
    const problems = [...gathered.problems, ...jobs.problems];
    const { settled, open } = jobs;
    const counts = { rows: spend.length, alertsSent, problems: problems.length };
    deps.log.info('spend checked', { ...counts, jobsSettled: settled, jobsOpen: open });
    return { spend, alertsSent, problems };
  };
}
