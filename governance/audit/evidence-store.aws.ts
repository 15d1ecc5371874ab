import { setTimeout as wait } from 'node:timers/promises';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SignatureV4 } from '@smithy/signature-v4';
import { AWS_CLIENT } from '../platform/aws-client.js';
import { backoffMs } from '../platform/backoff.js';
import type { EvidenceFile } from './report/evidence-files.js';

/** Where evidence is kept, and stays. */
export interface EvidenceStore {
  /** Keeps all of the files; one that is there already stays as an older version. */
  keep(files: Iterable<EvidenceFile>): Promise<void>;
  /** `s3://…`, as the AWS CLI takes it. */
  uriOf(path: string): string;
}

export interface EvidenceStoreOptions {
  readonly bucketName: string;
  /** Whose credentials and region it uses: any client of the SDK. */
  readonly aws: Pick<SecretsManagerClient, 'config'>;
  /** @default S3 in the client's region */
  readonly endpoint?: string;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
  readonly now?: () => Date;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/**
 * A bucket that is only ever put into. One signed request does that: the SDK's client for S3 would
 * make the audit's bundle a quarter larger.
 */
export function createEvidenceStore(options: EvidenceStoreOptions): EvidenceStore {
  const { bucketName, aws, endpoint, now = () => new Date(), sleep = wait } = options;
  const {
    timeoutMs = UPLOAD_TIMEOUT_MS,
    maxAttempts = AWS_CLIENT.maxAttempts,
    fetch: doFetch = fetch,
    random = Math.random,
  } = options;
  const { credentials, region, sha256 } = aws.config;
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256,
    uriEscapePath: false,
    applyChecksum: true,
  });

  async function urlOf(path: string): Promise<URL> {
    // Names of buckets that CloudFormation makes have no dots, so S3's certificate covers them.
    return endpoint === undefined
      ? new URL(`https://${bucketName}.s3.${await region()}.${suffixOf(await region())}/${path}`)
      : new URL(`${endpoint.replace(/\/$/, '')}/${bucketName}/${path}`);
  }

  async function put({ path, contentType, body }: EvidenceFile): Promise<Response> {
    const url = await urlOf(path);
    const { method, headers } = await signer.sign(
      {
        method: 'PUT',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        headers: { host: url.host, 'content-type': contentType },
        body,
      },
      { signingDate: now() },
    );
    const { host: _, ...sent } = headers;
    return doFetch(url, { method, headers: sent, body, signal: AbortSignal.timeout(timeoutMs) });
  }

  async function keepOne(file: EvidenceFile): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await outcomeOf(put(file));
      if (outcome.kind === 'kept') return;
      if (outcome.kind === 'refused' || attempt >= maxAttempts) {
        throw new Error(`S3 did not take ${file.path}: ${outcome.reason}`, {
          cause: outcome.cause,
        });
      }
      await sleep(backoffMs(attempt, random));
    }
  }

  return {
    uriOf: (path) => `s3://${bucketName}/${path}`,

    async keep(files) {
      for (const file of files) await keepOne(file);
    },
  };
}

/** Of the largest file there can be, some megabytes. */
const UPLOAD_TIMEOUT_MS = 10_000;

type Outcome =
  | { readonly kind: 'kept' }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string; readonly cause?: unknown };

async function outcomeOf(sending: Promise<Response>): Promise<Outcome> {
  try {
    const response = await sending;
    const text = await response.text();
    if (response.ok) return { kind: 'kept' };
    const { status } = response;
    // Of its words only the code: the rest may quote what was signed.
    const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1] ?? 'without a code';
    const isPassing = status >= 500 || status === 429 || /^(RequestTimeout|SlowDown)$/.test(code);
    return { kind: isPassing ? 'failed' : 'refused', reason: `${status} ${code}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', reason, cause: error };
  }
}

/** Of the partition that a region is in. */
function suffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
