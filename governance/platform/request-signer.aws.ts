import { createHash, createHmac, type Hash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** `forceRefresh` asks for others than it may remember: those of the SDK do. */
export type CredentialsProvider = (options?: {
  readonly forceRefresh?: boolean;
}) => Promise<AwsCredentials>;

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Besides the host: nothing that a client or a proxy may still change. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

export interface RequestSigner {
  /** The headers to send in place of the unsigned ones. */
  sign(request: UnsignedRequest): Promise<Record<string, string>>;
}

export interface SignerOptions {
  readonly region: string;
  readonly credentials: AwsCredentials | CredentialsProvider;
  readonly now: () => Date;
}

/** Signs for function URLs, which accept only IAM. */
export function createRequestSigner({ region, credentials, now }: SignerOptions): RequestSigner {
  const signer = new SignatureV4({ service: 'lambda', region, credentials, sha256: Sha256 });
  return {
    async sign({ method, url, headers, body }) {
      const request = {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { host: url.host, ...headers },
        body,
      };
      return (await signer.sign(request, { signingDate: now() })).headers;
    },
  };
}

const FUNCTION_URL = /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

/** `undefined` for another host name than a function URL's. */
export function regionOf({ hostname }: URL): string | undefined {
  return FUNCTION_URL.exec(hostname)?.[1];
}

function queryOf({ searchParams }: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const name of new Set(searchParams.keys())) query[name] = searchParams.getAll(name);
  return query;
}

/** Credentials this close to their expiry are renewed, so that they do not expire on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Some providers have new ones only shortly before the old ones expire. */
const ASK_AGAIN_MS = 10_000;

export interface CachedCredentials {
  readonly current: () => Promise<AwsCredentials>;
  /** The next ones are asked for again: AWS has rejected these. */
  forget(): void;
}

/** Asks once, and again shortly before the credentials expire, however many requests wait for them. */
export function cachedCredentials(
  provider: CredentialsProvider,
  now: () => Date,
): CachedCredentials {
  let known: AwsCredentials | undefined;
  let asked: Promise<AwsCredentials> | undefined;
  let askedAtMs: number | undefined;

  function lastsFor(milliseconds: number): boolean {
    const ends = known?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    return known !== undefined && ends - now().getTime() > milliseconds;
  }

  async function ask(): Promise<AwsCredentials> {
    const forceRefresh = askedAtMs !== undefined;
    askedAtMs = now().getTime();
    try {
      known = await provider({ forceRefresh });
      return known;
    } catch (error) {
      if (known && lastsFor(0)) return known; // they still sign
      throw error;
    } finally {
      asked = undefined;
    }
  }

  return {
    async current() {
      if (known && lastsFor(RENEW_BEFORE_MS)) return known;
      if (asked) return asked;
      const wasAsked = askedAtMs !== undefined && now().getTime() - askedAtMs < ASK_AGAIN_MS;
      if (known && wasAsked && lastsFor(0)) return known;
      asked = ask();
      return asked;
    },
    forget() {
      known = undefined;
    },
  };
}

/** Node's own SHA-256 behind the signer's interface: far faster than one in JavaScript. */
export class Sha256 {
  #hash: Hash;

  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = this.#start();
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Hash {
    if (this.secret === undefined) return createHash('sha256');
    return createHmac('sha256', bytesOf(this.secret)) as Hash;
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  if (secret instanceof ArrayBuffer) return new Uint8Array(secret);
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}
