import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import { SignatureV4 } from '@smithy/signature-v4';
import { GovernanceConfigurationError } from './errors.js';
import { Sha256 } from './sha256.js';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialsProvider = () => Promise<AwsCredentials>;

export interface SignedHttpClientOptions {
  /** Of the gateway. @default the one in the host name of its function URL */
  readonly region?: string;
  /** @default AWS's default provider chain: environment, profile, SSO, container, instance */
  readonly credentials?: AwsCredentials | CredentialsProvider;
  /** Sends what was signed. @default the global fetch */
  readonly fetch?: typeof fetch;
  /** @default the clock */
  readonly now?: () => Date;
}

const FUNCTION_URL = /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;
/** Signed besides the host: nothing that fetch or a proxy may still change. */
const SIGNED_HEADERS = ['content-type', 'accept'];
/** The SDK's own credentials, and cookies. */
const DROPPED_HEADERS = ['authorization', 'x-api-key', 'cookie'];

/** For the official SDK: signs every request for the gateway's function URL, which accepts only IAM. */
export function createSignedHttpClient(options: SignedHttpClientOptions = {}): HTTPClient {
  const {
    credentials = defaultProvider(),
    fetch: send = fetch,
    now = () => new Date(),
    region,
  } = options;
  const current = typeof credentials === 'function' ? cached(credentials, now) : credentials;

  function signerFor(url: URL): SignatureV4 {
    return new SignatureV4({
      service: 'lambda',
      region: region ?? regionOf(url),
      credentials: current,
      sha256: Sha256,
    });
  }

  const signers = new Map<string, SignatureV4>();
  async function signed(request: Request): Promise<Request> {
    const url = new URL(request.url);
    const signer = signers.get(url.hostname) ?? signerFor(url);
    signers.set(url.hostname, signer);
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
    const { headers: signedHeaders } = await signer.sign(
      {
        method: request.method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { host: url.host, ...chosen(request.headers, SIGNED_HEADERS) },
        body,
      },
      { signingDate: now() },
    );
    const headers = new Headers(request.headers);
    for (const name of DROPPED_HEADERS) headers.delete(name);
    for (const [name, value] of Object.entries(signedHeaders)) {
      if (name !== 'host') headers.set(name, value);
    }
    return new Request(request, {
      headers,
      ...(body && { body }),
      redirect: 'manual', // another host would receive the session token
    });
  }

  return new HTTPClient({
    fetcher: async (input, init) => send(await signed(new Request(input, init))),
  });
}

function regionOf({ hostname }: URL): string {
  const [, region] = FUNCTION_URL.exec(hostname) ?? [];
  if (region !== undefined) return region;
  throw new GovernanceConfigurationError(
    `no region is known for "${hostname}": set region, or use a function URL such as https://abc.lambda-url.eu-west-1.on.aws`,
  );
}

function queryOf({ searchParams }: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const name of new Set(searchParams.keys())) query[name] = searchParams.getAll(name);
  return query;
}

function chosen(headers: Headers, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}

/** Credentials this close to their expiry are renewed, so that they do not expire on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;

/** Asks once, and again shortly before the credentials expire, however many requests wait for them. */
function cached(provider: CredentialsProvider, now: () => Date): CredentialsProvider {
  let known: AwsCredentials | undefined;
  let asked: Promise<AwsCredentials> | undefined;

  function isFresh({ expiration }: AwsCredentials): boolean {
    return expiration === undefined || expiration.getTime() - now().getTime() > RENEW_BEFORE_MS;
  }

  async function ask(): Promise<AwsCredentials> {
    try {
      known = await provider();
      return known;
    } finally {
      asked = undefined;
    }
  }

  return async () => {
    if (known && isFresh(known)) return known;
    asked ??= ask();
    return asked;
  };
}
