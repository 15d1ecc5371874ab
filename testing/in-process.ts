import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { answerOf, type HttpService } from './fakes/http-server.js';

/** Calls without sockets: what a client sends goes straight to the service that answers it. */
export interface InProcess {
  /** Nothing listens there: a call on another way fails at once. */
  readonly url: string;
  /** For every client of AWS's SDK. */
  readonly aws: {
    /** A call that gets no answer has timed out at once. */
    readonly requestHandler: {
      readonly requestTimeout: number;
      handle(request: SdkRequest): Promise<{ response: SdkResponse }>;
    };
    /** Signs for the form: to do it in earnest takes as long as the rest of a call. */
    signer(scheme?: { readonly signingName?: string }): Promise<SdkSigner>;
  };
  /** A call that gets no answer ends when the signal of its caller does. */
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** A request as the SDK hands it to what sends it. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface SdkSigner {
  sign<Request extends SdkRequest>(request: Request): Promise<Request>;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | Readable;
}

// `fetch` calls no server on this port.
const NOWHERE = 'http://127.0.0.1:1';

export function callInProcess(service: HttpService): InProcess {
  return {
    url: NOWHERE,

    aws: {
      requestHandler: {
        requestTimeout: 0,

        async handle({ method, path, query = {}, headers, body: sent }) {
          const url = new URL(path, NOWHERE);
          for (const [name, value] of Object.entries(query)) {
            for (const one of [value].flat()) url.searchParams.append(name, one ?? '');
          }
          const answer = await answerOf(service, { method, url, headers, body: textOf(sent) });
          if (answer === 'no answer') throw named('TimeoutError', 'no answer in time');
          // The SDK calls a connection that breaks a timeout.
          if (answer === 'broken') throw brokenConnection('TimeoutError');
          const { status: statusCode, headers: answered = {}, body: text } = answer;
          const bytes = Buffer.from(text);
          // Of all calls, only those of S3 that get a file hand out its body as a stream.
          const body = method === 'GET' ? Readable.from([bytes]) : bytes;
          return { response: { statusCode, headers: { ...answered }, body } };
        },
      },

      signer: async ({ signingName } = {}) => ({
        sign: async (request) => signed(request, signingName),
      }),
    },

    async fetch(input, { method = 'GET', headers, body, signal } = {}) {
      const answer = await answerOf(service, {
        method,
        url: new URL(String(input)),
        headers: Object.fromEntries(new Headers(headers)),
        body: textOf(body),
      });
      if (answer === 'no answer') return endOf(signal);
      if (answer === 'broken') throw new TypeError('fetch failed', { cause: brokenConnection() });
      const { status, headers: answered, body: text } = answer;
      return new Response(text, {
        status,
        headers: { 'content-type': 'application/json', ...answered },
      });
    },

    close: async () => {},
  };
}

function signed<Request extends SdkRequest>(request: Request, service = ''): Request {
  const { headers, body } = request;
  const scope = `local/20260101/eu-west-1/${service}/aws4_request`;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  headers['x-amz-date'] = '20260101T000000Z';
  if (service === 's3') {
    headers['x-amz-content-sha256'] = createHash('sha256').update(textOf(body)).digest('hex');
  }
  return request;
}

const UTF_8 = new TextDecoder();

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return UTF_8.decode(body);
  if (body === undefined || body === null) return '';
  throw new Error('only texts and bytes are sent here');
}

function endOf(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal?.reason);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end);
  });
}

function brokenConnection(name = 'Error'): Error {
  return Object.assign(named(name, 'socket hang up'), { code: 'ECONNRESET' });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
