import * as z from 'zod';
import { MistralNotFoundError } from '../platform/errors.js';
import type { ApiKey } from './api-key.js';
import type { MistralHttp } from './mistral-http.js';

const CountSchema = z.number().int().nonnegative();
const IdSchema = z.string().regex(/^[\w-]{1,128}$/);

const JobSchema = z.looseObject({
  id: IdSchema,
  status: z.string(),
  created_at: z.number().optional(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  output_file: IdSchema.nullish(),
  error_file: IdSchema.nullish(),
  outputs: z.array(z.unknown()).nullish(),
  completed_requests: CountSchema,
  succeeded_requests: CountSchema,
  failed_requests: CountSchema,
});

/** A batch job, as far as its settlement needs it. */
export type MistralJob = z.infer<typeof JobSchema>;

const ENDED: ReadonlySet<string> = new Set(['SUCCESS', 'FAILED', 'TIMEOUT_EXCEEDED', 'CANCELLED']);

/** Of a status that is not known, the job may still run. */
export function hasEnded({ status }: Pick<MistralJob, 'status'>): boolean {
  return ENDED.has(status);
}

/** Batch jobs and their results, with the key of the workspace that they are in. */
export interface BatchJobs {
  /** `undefined` where Mistral does not know it. */
  read(key: ApiKey, id: string): Promise<MistralJob | undefined>;
  /** With its results in it, of a job that has no file of them. */
  readInline(key: ApiKey, id: string): Promise<MistralJob | undefined>;
  /** The job that was created with this in its metadata, of those created since. */
  find(
    key: ApiKey,
    name: string,
    value: string,
    createdAfter: Date,
  ): Promise<MistralJob | undefined>;
  /** A file of results, as it comes. */
  results(key: ApiKey, fileId: string, see: (chunk: Buffer) => void): Promise<void>;
}

const PAGE = 100;
const MOST_PAGES = 1000;
const ListSchema = z.object({ data: z.array(JobSchema).default([]) });
/** A file of a million results is some gigabytes. */
const RESULTS_WITHIN_MS = 240_000;

export function createBatchJobs(http: Pick<MistralHttp, 'send' | 'stream'>): BatchJobs {
  const jobOf = async (bearer: ApiKey, id: string, query: { readonly inline?: string }) => {
    const path = `/v1/batch/jobs/${encodeURIComponent(id)}`;
    try {
      return await http.send({ method: 'GET', path, query, answer: JobSchema }, { bearer });
    } catch (error) {
      if (error instanceof MistralNotFoundError) return undefined;
      throw error;
    }
  };

  return {
    read: (key, id) => jobOf(key, id, {}),

    readInline: (key, id) => jobOf(key, id, { inline: 'true' }),

    async find(bearer, name, value, createdAfter) {
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const { data } = await http.send(
          {
            method: 'GET',
            path: '/v1/batch/jobs',
            query: { page, page_size: PAGE, created_after: createdAfter.toISOString() },
            answer: ListSchema,
          },
          { bearer },
        );
        const found = data.find(({ metadata }) => metadata?.[name] === value);
        if (found || data.length < PAGE) return found;
      }
      return undefined;
    },

    results: (bearer, fileId, see) =>
      http.stream(
        `/v1/files/${encodeURIComponent(fileId)}/content`,
        { bearer },
        RESULTS_WITHIN_MS,
        see,
      ),
  };
}
