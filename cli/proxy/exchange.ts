import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { answerOf } from './gateway-answer.js';
import type { SignedGateway } from './gateway-call.js';
import { forwardedHeaders, targetOf } from './incoming.js';
import { passedHeaders } from './outcome.js';
import { type Refusal, refusalAnswer } from './refusal.js';

/** A function URL takes no more, and the signature covers the body: it is read to its end first. */
export const MOST_BODY_BYTES = 6 * 1024 * 1024;
const LINGER_MS = 2000;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gateway: SignedGateway;
  /** Its client has left, or the proxy stops. */
  readonly signal: AbortSignal;
  /** Of the request, before it is sent. */
  readonly sees?: ((body: Buffer) => void) | undefined;
  /** Of the answer's head, and then of each piece that passes. */
  readonly watches?: ((answer: IncomingMessage) => void) | undefined;
}

/** Sends a request on and its answer back, neither of them kept. Returns why the proxy answered it itself. */
export async function exchange(call: Exchange): Promise<Refusal | undefined> {
  const { request, response, gateway, signal } = call;
  const body = await readBody(request);
  if (!Buffer.isBuffer(body)) return refuse(call, body);
  call.sees?.(body);
  const { method = 'GET', url = '/' } = request;
  const got = await answerOf(gateway, {
    ...{ method, body, signal },
    url: targetOf(gateway.url, url),
    headers: forwardedHeaders(request.headers),
  });
  if (got === undefined) return undefined;
  if ('code' in got) return refuse(call, got);

  const { answer, error } = got;
  const { statusCode = 502, rawHeaders } = answer;
  response.writeHead(statusCode, passedHeaders(rawHeaders));
  if (error) {
    response.end(error);
    return undefined;
  }
  call.watches?.(answer);
  if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
    response.flushHeaders(); // the first event may take its time
  }
  // Ends both where either end breaks off: what arrived until then is not the whole answer.
  await pipeline(answer, response, { signal }).catch(() => response.destroy());
  return undefined;
}

/** @throws where the client leaves before its end */
function readBody(request: IncomingMessage): Promise<Buffer | Refusal> {
  const announced = Number(request.headers['content-length'] ?? 0);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const take = (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MOST_BODY_BYTES) tooLarge();
      else pieces.push(piece);
    };
    const tooLarge = () => {
      request.off('data', take);
      resolve({
        ...{ status: 413, code: 'body_too_large' },
        message: `a body has at most ${MOST_BODY_BYTES} bytes: a function URL takes no more`,
      });
    };
    request.on('error', reject);
    request.on('end', () =>
      resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)),
    );
    if (announced > MOST_BODY_BYTES) tooLarge();
    else request.on('data', take);
  });
}

export function refuse(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  refusal: Refusal,
): Refusal {
  const { status, headers, body } = refusalAnswer(refusal);
  const { 'content-length': length = '0', 'transfer-encoding': chunked } = request.headers;
  if (!request.complete && (length !== '0' || chunked !== undefined)) {
    // What the client still sends is not read for long.
    response.shouldKeepAlive = false;
    request.resume();
    const linger = setTimeout(() => request.destroy(), LINGER_MS);
    request.once('close', () => clearTimeout(linger));
  }
  response.writeHead(status, headers);
  response.end(body);
  return refusal;
}
