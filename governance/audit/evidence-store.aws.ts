import { setTimeout as wait } from 'node:timers/promises';
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { backoffMs } from '../platform/backoff.js';
import { messageOf } from '../platform/failures.js';
import type { EvidenceFile } from './report/evidence-files.js';

const MOST_CONFLICTS = 4;

/** Files of all audits, where they are kept. */
export interface EvidenceArchive {
  /** Every file below a prefix, in the order of paths; with `after`, only those behind it. */
  list(prefix: string, after?: string): AsyncIterable<ArchivedFile>;
  /** `undefined` where no file is. */
  read(path: string): Promise<Uint8Array | undefined>;
}

export interface ArchivedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Where the files of each audit are stored, and stay. */
export interface EvidenceStore extends EvidenceArchive {
  /** Stores a file where none is, and says whether none was. */
  put(file: EvidenceFile): Promise<boolean>;
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
  const archive = createEvidenceArchive(client, bucketName);
  return {
    uriOf: (path) => `s3://${bucketName}/${path}`,

    async put({ path: Key, contentType: ContentType, body: Body }) {
      const object = { Key, ContentType, Body, IfNoneMatch: '*' };
      // A bucket with a lock takes no object without a checksum.
      const checked = { ...object, ChecksumAlgorithm: 'SHA256' } as const;
      const command = () => new PutObjectCommand({ Bucket: bucketName, ...checked });
      try {
        return await putOnce(() => client.send(command()));
      } catch (error) {
        throw storeError(`store ${Key}`, error);
      }
    },

    async *list(prefix, after) {
      try {
        yield* archive.list(prefix, after);
      } catch (error) {
        throw storeError(`list ${prefix}`, error);
      }
    },

    async read(path) {
      try {
        return await archive.read(path);
      } catch (error) {
        throw storeError(`read ${path}`, error);
      }
    },
  };
}

/** The same to be read alone. @throws what the SDK throws */
export function createEvidenceArchive(client: S3Client, Bucket: string): EvidenceArchive {
  return {
    async *list(Prefix, StartAfter) {
      const pages = paginateListObjectsV2({ client }, { Bucket, Prefix, StartAfter });
      for await (const { Contents = [] } of pages) {
        for (const { Key = '', Size = 0 } of Contents) yield { path: Key, bytes: Size };
      }
    },

    async read(Key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
  };
}

/** The SDK's retry of a put whose answer was lost finds the file there, or still on its way. */
async function putOnce(put: () => Promise<unknown>): Promise<boolean> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await put();
      return true;
    } catch (error) {
      const name = error instanceof S3ServiceException ? error.name : undefined;
      if (name === 'PreconditionFailed') return false;
      if (name !== 'ConditionalRequestConflict' || attempts === MOST_CONFLICTS) throw error;
      await wait(backoffMs(attempts, Math.random));
    }
  }
}

/** Of S3's answer only status and code: the rest may quote what was signed. */
function storeError(action: string, error: unknown): Error {
  const what = `S3 did not ${action}`;
  if (!(error instanceof S3ServiceException)) {
    return new Error(`${what}: ${messageOf(error)}`, { cause: error });
  }
  const { $metadata, name } = error;
  return new Error(`${what}: ${$metadata.httpStatusCode} ${name}`);
}
