import { randomUUID } from 'node:crypto';
import { refusalOf } from '../../governance/metering/admission.js';
import { claimsOfJob } from '../../governance/metering/batch/batch-claims.js';
import {
  type JobRecord,
  leasedUntil,
  RECORD_ID,
} from '../../governance/metering/batch/job-record.js';
import type { JobStores, KeptJob } from '../../governance/metering/batch/job-records.aws.js';
import {
  jsonAnswer,
  objectsUnavailable,
  type Problem,
  problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import { isObjectId } from '../../governance/objects/objects.js';
import { parseJson } from '../../governance/platform/json.js';
import { freeJob, placesOf, reserveJob } from '../../governance/quotas/job-lease.js';
import type { QuotaClaim } from '../../governance/quotas/quota.js';
import { cardOf } from './batch-card.js';
import { type Checked, checkJob, type Job } from './batch-check.js';
import { answerFor, type ObjectCall } from './object-request.js';

/**
 * Creates a job: every line is checked like a request, and what all of them may use is reserved until the
 * spend monitor settles it. Mistral sees nothing of it before.
 */
export async function createJob(call: ObjectCall): Promise<Problem | WholeAnswer> {
  const { jobs } = call.deps;
  if (!jobs) return objectsUnavailable('not set up');
  const checked = await checkJob(call);
  if ('code' in checked) return checked;
  if (!call.isAwaited()) return problem('internal_error', 'the caller is gone');
  const { owner, deps } = call;
  const now = deps.now();
  const { workspace } = owner.access;
  const quotas = deps.metering.quotasOf({ workspace, dailyTokens: owner.dailyTokens });
  const claims = claimsOfJob(quotas, checked.bounds);
  let kept: KeptJob | undefined;
  try {
    kept = await jobs.records.create(recordOf(call, checked, claims, now));
    const outcome = await reserveJob(jobs.counters, kept.record, claims, now);
    if (outcome.kind !== 'reserved') {
      return refusalOf(outcome, { modelId: checked.modelId, workspace }, now);
    }
    const parts = outcome.parts.map((one) => [...one]);
    kept = await jobs.records.change(kept, { state: 'sending', parts });
  } catch (error) {
    deps.log.warn('batch job not reserved', { workspace, error });
    kept = undefined;
  }
  // The record stays: what is reserved without a job is freed by the spend monitor.
  if (!kept) return refusalOf({ kind: 'unavailable', reason: '' }, { modelId: '', workspace }, now);
  return send(call, checked.job, kept, jobs, checked.modelId);
}

function recordOf(
  { owner }: ObjectCall,
  { job, modelId, prices, bounds }: Checked,
  claims: readonly QuotaClaim[],
  now: Date,
): JobRecord {
  const { lines, ...reserved } = bounds;
  const { workspace, workspaceId, role, sharesObjects } = owner.access;
  return {
    id: randomUUID(),
    ...{ workspace, workspaceId, owner: owner.principal, role, isShared: sharesObjects },
    endpoint: job.endpoint,
    modelId,
    state: 'reserving',
    createdAtMs: now.getTime(),
    timeoutHours: job.timeout_hours,
    untilMs: leasedUntil(now, job.timeout_hours),
    lines,
    bounds: reserved,
    rates: prices.tiers.batch.exact,
    places: placesOf(claims, now),
  };
}

/** Mistral's answer decides what becomes of the reservation: where there is none, the spend monitor finds out. */
async function send(
  call: ObjectCall,
  job: Job,
  kept: KeptJob,
  { records, counters }: JobStores,
  modelId: string,
): Promise<Problem | WholeAnswer> {
  const { deps, objects, owner } = call;
  const metadata = { ...job.metadata, [RECORD_ID]: kept.record.id };
  const body = Buffer.from(JSON.stringify({ ...job, model: modelId, metadata }));
  const asked = await call.ask({ method: 'POST', path: '/v1/batch/jobs', body });
  const isRefused = asked.kind === 'answered' && asked.status >= 400 && asked.status < 500;
  if (isRefused || (asked.kind === 'failed' && !asked.wasSent)) {
    try {
      // A lost call may still lease: the spend monitor looks again when none can come.
      await records.change(kept, { state: 'reserving' });
      await freeJob(counters, kept.record.id, kept.record.places);
    } catch (error) {
      deps.log.warn('batch job not freed', { workspace: kept.record.workspace, error });
    }
  }
  const answer = answerFor(asked, 'batch', deps.now());
  if (asked.kind !== 'answered' || asked.status >= 300) {
    return typeof answer === 'object' ? answer : problem('upstream_unavailable', 'no answer');
  }
  const card = cardOf(parseJson(asked.body.toString('utf8')));
  if (!card || !isObjectId(card.id)) {
    return problem('upstream_unavailable', 'Mistral answered without the id of the job');
  }
  const recorded = await objects.record(owner, { kind: 'batch', id: card.id, card });
  try {
    // Without its owner it stays `sending`: the spend monitor finds it at Mistral, and records both.
    if (recorded.kind !== 'recorded')
      throw new Error(`the owner is not recorded: ${recorded.kind}`);
    await records.change(kept, { state: 'running', jobId: card.id });
  } catch (error) {
    deps.log.warn('batch job not noted as created', { jobId: card.id, error });
  }
  return jsonAnswer(200, card);
}
