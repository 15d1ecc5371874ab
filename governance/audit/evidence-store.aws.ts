import { setTimeout as wait } from 'node:timers/promises';
import {
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { backoffMs } from '../platform/backoff.js';
import { messageOf } from '../platform/failures.js';
import type { EvidenceFile } from './report/evidence-files.js';

const MOST_CONFLICTS = 4;

/** Where the files of each audit are stored, and stay. */
export interface EvidenceStore {
  /** Stores all of the files, each where none is. */
  keep(files: Iterable<EvidenceFile>): Promise<void>;
  /** `s3://…`, as the AWS CLI takes it. */
  uriOf(path: string): string;
}

/** A client for uploads, which take longer than a call. Any S3 but AWS's own has buckets in its paths. */
export function createEvidenceClient(
  aws: S3ClientConfig & { readonly requestHandler: { readonly requestTimeout: number } },
  endpoint: string | undefined,
): S3Client {
  const requestTimeout = 2 * aws.requestHandler.requestTimeout;
  return new S3Client({
    ...aws,
    requestHandler: { ...aws.requestHandler, requestTimeout },
    forcePathStyle: endpoint !== undefined,
    ...(endpoint !== undefined && { endpoint }),
  });
}

/** A bucket that objects are only ever put into. */
export function createEvidenceStore(client: S3Client, bucketName: string): EvidenceStore {
  return {
    uriOf: (path) => `s3://${bucketName}/${path}`,

    async keep(files) {
      for (const { path: Key, contentType: ContentType, body: Body } of files) {
        const command = () =>
          new PutObjectCommand({ Bucket: bucketName, Key, ContentType, Body, IfNoneMatch: '*' });
        try {
          await putOnce(() => client.send(command()));
        } catch (error) {
          throw storeError(Key, error);
        }
      }
    },
  };
}

/** The SDK's retry of a put whose answer was lost finds the file there, or still on its way. */
async function putOnce(put: () => Promise<unknown>): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await put();
      return;
    } catch (error) {
      const name = error instanceof S3ServiceException ? error.name : undefined;
      if (name === 'PreconditionFailed') return;
      if (name !== 'ConditionalRequestConflict' || attempts === MOST_CONFLICTS) throw error;
      await wait(backoffMs(attempts, Math.random));
    }
  }
}

/** Of S3's answer only status and code: the rest may quote what was signed. */
function storeError(path: string, error: unknown): Error {
  const what = `S3 did not store ${path}`;
  if (!(error instanceof S3ServiceException)) {
    return new Error(`${what}: ${messageOf(error)}`, { cause: error });
  }
  const { $metadata, name } = error;
  return new Error(`${what}: ${$metadata.httpStatusCode} ${name}`);
}
