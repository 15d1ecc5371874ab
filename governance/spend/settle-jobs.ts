import type { AlertPublisher } from '../alerts/alert-publisher.aws.js';
import { ResultTally, type Used } from '../metering/batch/batch-results.js';
import { GIVEN_UP_MS, type JobRecord, RECORD_ID } from '../metering/batch/job-record.js';
import type { JobRecords, KeptJob } from '../metering/batch/job-records.aws.js';
import type { ApiKey } from '../mistral/api-key.js';
import { type BatchJobs, hasEnded, type MistralJob } from '../mistral/batch-jobs.js';
import type { ObjectStore } from '../objects/objects.js';
import { createFailures, failureText } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import { mapBounded } from '../platform/map-bounded.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import { gatewayWorkspaces } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { ratesFrom } from '../prices/rates.js';
import { freeJob, settleJob } from '../quotas/job-lease.js';
import type { QuotaCounters } from '../quotas/quota-counters.aws.js';
import { jobUnsettled } from './alerts/job-unsettled.js';

export interface SettleJobsDeps {
  readonly policy: Policy;
  readonly records: JobRecords;
  readonly batchJobs: BatchJobs;
  /** The key that the gateway has in a workspace: jobs and their results belong to the workspace. */
  readonly keyOf: (workspace: string) => Promise<ApiKey>;
  readonly counters: QuotaCounters;
  readonly objects: Pick<ObjectStore, 'write'>;
  readonly alerts: AlertPublisher;
  readonly log: Log;
  readonly now: () => Date;
}

export interface JobsSummary {
  readonly settled: number;
  readonly open: number;
  /** What could not be read or written, for people. */
  readonly problems: readonly string[];
}

/** A command to take a lease whose answer was lost may come for so long: a lease that has ended must not come back. */
const SETTLED_AFTER_MS = 10 * MINUTE_MS;
/** After its timeout. */
const OVERDUE_MS = 6 * HOUR_MS;
/** A job that Mistral does not list by then was never created. */
const LISTED_WITHIN_MS = DAY_MS;
/** No job is begun later, so that the function ends in time. */
const BEGUN_WITHIN_MS = 4 * MINUTE_MS;
const WORKSPACES_AT_ONCE = 4;
/** Clocks of Mistral and of the gateway. */
const CLOCKS_MS = HOUR_MS;

/** Settles the batch jobs that have ended, by their results, and frees those that were never sent. */
export async function settleJobs(deps: SettleJobsDeps): Promise<JobsSummary> {
  const { policy, records, log, now } = deps;
  const failures = createFailures(log, 'warn');
  const startedAtMs = now().getTime();
  let settled = 0;
  let open = 0;
  await mapBounded(gatewayWorkspaces(policy), WORKSPACES_AT_ONCE, async ({ id, name }) => {
    const kept = await failures.attempt('batch jobs not read', name, () => records.of(id));
    for (const job of kept ?? []) {
      if (now().getTime() - startedAtMs > BEGUN_WITHIN_MS) return;
      const isDone = await failures.attempt('batch job not settled', name, () => settle(deps, job));
      if (isDone) settled += 1;
      else open += 1;
    }
  });
  return { settled, open, problems: failures.list.map(failureText) };
}

/** Whether nothing of it is left. */
async function settle(deps: SettleJobsDeps, kept: KeptJob): Promise<boolean> {
  const { record } = kept;
  const nowMs = deps.now().getTime();
  if (record.state === 'settling') return book(deps, kept);
  if (nowMs < record.createdAtMs + SETTLED_AFTER_MS) return false;
  if (record.state === 'reserving') {
    await freeJob(deps.counters, record.id, record.places);
    return deps.records.remove(kept);
  }
  const endsMs = record.createdAtMs + record.timeoutHours * HOUR_MS;
  if (nowMs >= endsMs + GIVEN_UP_MS) return decide(deps, kept, record.bounds);
  try {
    const found = await usedBy(deps, kept);
    if (found.used) return await decide(deps, found.kept, found.used);
    await notify(deps, found.kept, endsMs, found.reason);
    return false;
  } catch (error) {
    await notify(deps, kept, endsMs, 'Mistral could not be asked, or its results not be read');
    throw error;
  }
}

type Found =
  | { readonly kept: KeptJob; readonly used: Used }
  | { readonly kept: KeptJob; readonly used?: undefined; readonly reason: string };

/** What a job used, once it has ended. */
async function usedBy(deps: SettleJobsDeps, before: KeptJob): Promise<Found> {
  const { batchJobs, records } = deps;
  const key = await deps.keyOf(before.record.workspace);
  let kept = before;
  if (kept.record.jobId === undefined) {
    const { id, createdAtMs } = kept.record;
    const found = await batchJobs.find(key, RECORD_ID, id, new Date(createdAtMs - CLOCKS_MS));
    if (!found) {
      const nowMs = deps.now().getTime();
      if (nowMs >= createdAtMs + LISTED_WITHIN_MS) return { kept, used: { cost: 0, tokens: 0 } };
      return { kept, reason: 'the answer to its creation was lost, and Mistral lists no such job' };
    }
    await recordOwner(deps, kept.record, found);
    const changed = await records.change(kept, { state: 'running', jobId: found.id });
    if (!changed) return { kept, reason: 'another run settles it' };
    kept = changed;
  }
  const job = await batchJobs.read(key, kept.record.jobId ?? '');
  if (!job) return { kept, reason: 'Mistral does not know the job' };
  if (!hasEnded(job)) return { kept, reason: `Mistral says that its status is ${job.status}` };
  return { kept, used: await usedInResults(batchJobs, key, kept.record, job) };
}

/** The gateway that created it did not come so far. */
async function recordOwner({ objects }: SettleJobsDeps, record: JobRecord, job: MistralJob) {
  const { workspaceId, owner, role, isShared, createdAtMs } = record;
  const { outputs: _, ...described } = job;
  const card = { ...described, metadata: null };
  const key = { workspaceId, kind: 'batch', id: job.id } as const;
  await objects.write({ ...key, owner, role, isShared, createdAtMs, card });
}

async function usedInResults(
  batchJobs: BatchJobs,
  key: ApiKey,
  { bounds, rates }: JobRecord,
  job: MistralJob,
): Promise<Used> {
  const tally = new ResultTally({ ...bounds, rates: ratesFrom(rates) });
  for (const fileId of [job.output_file, job.error_file]) {
    if (!fileId) continue;
    const file = tally.file();
    await batchJobs.results(key, fileId, (chunk) => file.see(chunk));
    file.end();
  }
  if (!job.output_file && job.succeeded_requests > 0) {
    const inline = await batchJobs.readInline(key, job.id);
    for (const result of inline?.outputs ?? []) tally.result(result);
  }
  return tally.usedBy({
    completed: job.completed_requests,
    succeeded: job.succeeded_requests,
    failed: job.failed_requests,
  });
}

/** What is booked is written down first, so that every run that goes on from there books the same. */
async function decide(deps: SettleJobsDeps, kept: KeptJob, { cost, tokens }: Used) {
  const decided = await deps.records.change(kept, { state: 'settling', used: { cost, tokens } });
  return decided ? book(deps, decided) : false; // another run was faster
}

async function book({ counters, records, log }: SettleJobsDeps, kept: KeptJob): Promise<boolean> {
  const { id, untilMs, parts = [], used, bounds, workspace, jobId } = kept.record;
  const { cost, tokens } = used ?? bounds;
  await settleJob(counters, { id, untilMs }, parts, (unit) => (unit === 'tokens' ? tokens : cost));
  const isMine = await records.remove(kept);
  if (isMine) log.info('batch job settled', { workspace, jobId, cost, reserved: bounds.cost });
  return isMine;
}

async function notify(deps: SettleJobsDeps, kept: KeptJob, endsMs: number, reason: string) {
  const { record } = kept;
  const at = deps.now();
  if (record.notifiedAtMs !== undefined || at.getTime() < endsMs + OVERDUE_MS) return;
  const { currency } = deps.policy.mistral;
  const givenUpAt = new Date(endsMs + GIVEN_UP_MS);
  await deps.alerts.publish(jobUnsettled({ record, currency, reason, givenUpAt, at }));
  await deps.records.change(kept, { notifiedAtMs: at.getTime() });
}
