import { RECORD_ID } from '../../governance/metering/batch/job-record.js';
import { isObject } from '../../governance/platform/json.js';

/** A job as Mistral describes it, without what is ours in its metadata. */
export function cardOf(job: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(job)) return undefined;
  if (!isObject(job.metadata)) return job;
  const { [RECORD_ID]: _, ...metadata } = job.metadata;
  return { ...job, metadata: Object.keys(metadata).length > 0 ? metadata : null };
}
