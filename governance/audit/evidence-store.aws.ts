import {
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { messageOf } from '../platform/failures.js';
import type { EvidenceFile } from './report/evidence-files.js';

/** Where the files of each audit are stored, and stay. */
export interface EvidenceStore {
  /** Stores all of the files; one that is there already stays as an older version. */
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
        try {
          await client.send(new PutObjectCommand({ Bucket: bucketName, Key, ContentType, Body }));
        } catch (error) {
          throw storeError(Key, error);
        }
      }
    },
  };
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
