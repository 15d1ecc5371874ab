import { setImmediate as turn } from 'node:timers/promises';
import * as z from 'zod';
import { refusalOf } from '../../governance/metering/admission.js';
import { type BatchBounds, BatchScan } from '../../governance/metering/batch/batch-bounds.js';
import type { LineRules } from '../../governance/metering/batch/batch-line.js';
import { RECORD_ID } from '../../governance/metering/batch/job-record.js';
import { endpointOf, isMetered } from '../../governance/metering/endpoints.js';
import { type Problem, problem } from '../../governance/metering/problem.js';
import { isObjectId } from '../../governance/objects/objects.js';
import { parseJson } from '../../governance/platform/json.js';
import { quoted } from '../../governance/platform/wording.js';
import type { ModelPrices } from '../../governance/prices/rates.js';
import { answerFor, type ObjectCall } from './object-request.js';
import { isProblem, ownObject } from './own-objects.js';

/** Mistral's own list, as far as requests are bounded one by one. */
const ENDPOINTS = [
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/fim/completions',
  '/v1/moderations',
  '/v1/chat/moderations',
  '/v1/ocr',
  '/v1/classifications',
  '/v1/chat/classifications',
] as const;

const MOST_FILES = 50;
const MOST_REQUESTS = 10_000;
/** Requests of a body that are checked before others have their turn. */
const CHECKED_AT_ONCE = 100;
/** Of a line, besides the body of its request. */
const ENVELOPE_BYTES = 8 * 1024;
/** The function of the gateway runs for 15 minutes at most: the rest is for reserving and creating the job. */
const CHECKED_WITHIN_MS = 600_000;
/** Files that one process reads at once: their lines are parsed on its only core. */
const MOST_AT_ONCE = 2;
let scans = 0;

const text = (what: string) => z.string(`must be ${what}`);
const JobSchema = z.strictObject({
  input_files: z
    .array(text('an id').refine(isObjectId, 'must be the id of a file'), 'must be a list of ids')
    .max(MOST_FILES, `may have at most ${MOST_FILES} files: join them`)
    .nullish(),
  requests: z
    .array(z.unknown(), 'must be a list of requests')
    .max(MOST_REQUESTS, `may have at most ${MOST_REQUESTS} requests: upload a file`)
    .nullish(),
  endpoint: z.enum(ENDPOINTS, `must be one of ${ENDPOINTS.join(', ')}`),
  model: text('the name of a model').min(1, 'must be the name of a model'),
  agent_id: z.null('is not available in batch jobs: give a model').optional(),
  metadata: z
    .record(z.string().min(1).max(32), text('a text').min(1).max(512), 'must be an object of texts')
    .refine((given) => !Object.hasOwn(given, RECORD_ID), `may not have ${RECORD_ID}`)
    .nullish(),
  timeout_hours: z
    .int('must be a whole number of hours')
    .min(1, 'must be at least 1')
    .max(168, 'must be at most 168')
    .default(24),
});

export type Job = z.infer<typeof JobSchema>;

/** A job that may be created, with what of it is sent. */
export interface Checked {
  readonly job: Job;
  readonly modelId: string;
  readonly prices: ModelPrices;
  readonly bounds: BatchBounds;
}

/** Checks a job with all of its lines, before anything is reserved. */
export async function checkJob(call: ObjectCall): Promise<Checked | Problem> {
  const { deps, callerArn } = call;
  const parsed = JobSchema.safeParse(
    parseJson(Buffer.isBuffer(call.body) ? call.body.toString('utf8') : ''),
  );
  if (!parsed.success) return misfit(parsed.error.issues[0]);
  const job = parsed.data;
  const grant = deps.access.authorize(callerArn, { model: job.model, maxTokens: undefined });
  if (grant.kind === 'refuse') return problem(grant.code, grant.message, { param: 'model' });
  const { modelId, workspace } = grant;
  const prices = deps.metering.pricesOf(modelId);
  if (!prices) return refusalOf({ kind: 'unpriced' }, { modelId, workspace }, deps.now());
  const files = [...new Set(job.input_files ?? [])];
  for (const id of files) {
    const record = await ownObject(call, 'file', id);
    if (isProblem(record)) return { ...record, param: 'input_files' };
  }
  const { maxBodyBytes, passUnknownFields } = deps.policy.gateway;
  const endpoint = endpointOf('POST', job.endpoint);
  if (endpoint.kind === 'problem' || !isMetered(endpoint)) {
    throw new Error(`${job.endpoint} is not metered`);
  }
  const rules: LineRules = {
    ...{ endpoint, callerArn, modelId, passUnknownFields },
    access: deps.access,
  };
  const seed = Math.floor(deps.random() * 2 ** 32);
  const scan = new BatchScan(rules, prices, maxBodyBytes + ENVELOPE_BYTES, seed);
  if (files.length > 0 && scans >= MOST_AT_ONCE) {
    const what = `the files of ${MOST_AT_ONCE} other batch jobs are being checked: try again later`;
    return problem('rate_limited', what, { retryAfterSeconds: 10 });
  }
  scans += 1;
  try {
    const broken = await readFiles(call, files, scan);
    if (broken) return broken;
  } finally {
    scans -= 1;
  }
  for (const [at, request] of (job.requests ?? []).entries()) {
    scan.request(Buffer.from(JSON.stringify(request)), `requests[${at}]`);
    if (at % CHECKED_AT_ONCE === 0) await turn();
  }
  const bounds = scan.result;
  return 'code' in bounds ? { ...bounds, param: paramOf(job) } : { job, modelId, prices, bounds };
}

function paramOf({ input_files: files }: Job): string {
  return files && files.length > 0 ? 'input_files' : 'requests';
}

/** A field of the body that is not as it should be. */
function misfit(issue: z.core.$ZodIssue | undefined): Problem {
  if (issue === undefined || issue.path.length === 0) {
    if (issue?.code !== 'unrecognized_keys') {
      return problem('invalid_request', 'the body is not a JSON object');
    }
    const names = Object.keys(JobSchema.shape).join(', ');
    const what = `${quoted(issue.keys[0])} is not a field of /v1/batch/jobs: allowed are ${names}`;
    return problem('invalid_field', what, { param: issue.keys[0] ?? '' });
  }
  const [first] = issue.path;
  const param = typeof first === 'string' ? first : '';
  return problem('invalid_field', `${issue.path.map(String).join('.')} ${issue.message}`, {
    param,
  });
}

/** Reads the files as Mistral has them: they cannot be changed there. */
async function readFiles(
  call: ObjectCall,
  files: readonly string[],
  scan: BatchScan,
): Promise<Problem | undefined> {
  const { deps } = call;
  const untilMs = deps.now().getTime() + CHECKED_WITHIN_MS;
  let isLate = false;
  for (const [at, id] of files.entries()) {
    const file = scan.file(`input_files[${at}]`);
    const asked = await call.read(`/v1/files/${id}/content`, (chunk) => {
      file.see(chunk);
      isLate ||= deps.now().getTime() > untilMs;
      return !scan.isDecided && !isLate && call.isAwaited();
    });
    if (scan.isDecided) return undefined;
    if (isLate) {
      const what = `the lines could not be checked within ${CHECKED_WITHIN_MS / 60_000} minutes: split the job into several`;
      return problem('body_too_large', what, { param: 'input_files' });
    }
    if (asked.kind === 'delivered') {
      file.end();
      continue;
    }
    const answer = answerFor(asked, 'file', deps.now());
    if (typeof answer === 'object' && 'kind' in answer) return { ...answer, param: 'input_files' };
    const what = 'a file could not be read from Mistral, so nothing was created';
    return problem('upstream_unavailable', what, { param: 'input_files', retryAfterSeconds: 1 });
  }
  return undefined;
}
