import { createHash, createHmac } from 'node:crypto';

export interface SignedCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** IAM's access keys: secrets by access key id. */
export type KnownKeys = Readonly<
  Record<string, { readonly secretAccessKey: string; readonly sessionToken?: string }>
>;

// As AWS's documentation has it, with Node's own crypto alone.

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 300_000;

/** The error in the signature of a request; `undefined` if it is valid. */
export function whatIsWrong(call: SignedCall, keys: KnownKeys, now: Date): string | undefined {
  const [, keyId = '', day = '', region = '', service = '', names = '', signature] =
    AUTHORIZATION.exec(String(call.headers.authorization)) ?? [];
  if (signature === undefined) return 'no signature';
  const key = keys[keyId];
  if (!key) return 'unknown access key';
  if (service !== 'lambda') return `signed for ${service}`;
  const amzDate = String(call.headers['x-amz-date']);
  const at = Date.parse(
    amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (!(Math.abs(at - now.getTime()) < MAX_SKEW_MS)) return 'signed at another time';
  if (call.headers['x-amz-security-token'] !== key.sessionToken) return 'another session token';
  const signedNames = names.split(';');
  for (const [name, value] of Object.entries(call.headers)) {
    if (/^(host|content-type|x-amz-.*)$/.test(name) && value && !signedNames.includes(name))
      return `${name} is not signed`;
  }
  const bodyHash = sha256(call.body);
  // Only some services ask for it; the hash is part of what is signed in any case.
  const claimed = call.headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== bodyHash) return 'another body';

  const [path = '', query = ''] = call.url.split('?');
  const canonicalRequest = [
    call.method,
    path.split('/').map(encode).join('/'),
    canonicalQuery(query),
    ...signedNames.map((name) => `${name}:${String(call.headers[name]).trim()}`),
    '',
    names,
    bodyHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonicalRequest)].join('\n');
  const signingKey = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${key.secretAccessKey}`,
  );
  return hmac(signingKey, toSign).toString('hex') === signature ? undefined : 'another signature';
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=').map((part) => part.replaceAll('+', ' '));
      return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** RFC 3986: everything but letters, digits and -._~ */
function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9\-._~]/.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(secret: Buffer | string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
