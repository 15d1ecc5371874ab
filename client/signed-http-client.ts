import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import {
  type AwsCredentials,
  type CredentialsProvider,
  cachedCredentials,
  createRequestSigner,
  type RequestSigner,
  regionOf,
} from '../governance/platform/request-signer.aws.js';
import { GovernanceConfigurationError } from './errors.js';

export type { AwsCredentials, CredentialsProvider };

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
  const current =
    typeof credentials === 'function' ? cachedCredentials(credentials, now).current : credentials;

  const signers = new Map<string, RequestSigner>();
  function signerFor(url: URL): RequestSigner {
    const known = signers.get(url.hostname);
    if (known) return known;
    const signer = createRequestSigner({
      region: region ?? regionOf(url) ?? unknownRegion(url),
      credentials: current,
      now,
    });
    signers.set(url.hostname, signer);
    return signer;
  }

  async function signed(request: Request): Promise<Request> {
    const url = new URL(request.url);
    const signer = signerFor(url);
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
    const chosenHeaders = chosen(request.headers, SIGNED_HEADERS);
    const { method } = request;
    const signedHeaders = await signer.sign({ method, url, headers: chosenHeaders, body });
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

function unknownRegion({ hostname }: URL): never {
  throw new GovernanceConfigurationError(
    `no region is known for "${hostname}": set region, or use a function URL such as https://abc.lambda-url.eu-west-1.on.aws`,
  );
}

function chosen(headers: Headers, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}
