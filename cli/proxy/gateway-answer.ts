import type { IncomingMessage } from 'node:http';
import { failureOf } from '../failure.js';
import { callGateway, type GatewayCall, type SignedGateway } from './gateway-call.js';
import { awsRefusal, MOST_ERROR_BYTES } from './outcome.js';
import type { Refusal } from './refusal.js';

/** The head of what the gateway answered; of a short error also all of its body. */
export interface GatewayAnswer {
  readonly answer: IncomingMessage;
  readonly error?: Buffer | undefined;
}

/**
 * Sends a request, and once more only where AWS found the credentials expired. `undefined` where its signal has
 * ended it.
 */
export async function answerOf(
  gateway: SignedGateway,
  call: GatewayCall,
): Promise<GatewayAnswer | Refusal | undefined> {
  try {
    const first = await attempt(gateway, call);
    if (!('code' in first) || first.code !== 'credentials_rejected') return first;
    gateway.credentials.forget(); // they may have expired before they said
    return await attempt(gateway, call);
  } catch (error) {
    return call.signal.aborted ? undefined : unsent(error);
  }
}

async function attempt(
  gateway: SignedGateway,
  call: GatewayCall,
): Promise<GatewayAnswer | Refusal> {
  const answer = await callGateway(gateway, call);
  const { statusCode = 0 } = answer;
  if (statusCode < 400) return { answer };
  const error = await peek(answer);
  return (error && awsRefusal(statusCode, error, gateway.url)) ?? { answer, error };
}

/** All of a short answer; a longer one, or one that breaks off, stays to be read. */
function peek(answer: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const settle = (body: Buffer | undefined) => {
      answer.off('data', take).off('end', end).off('close', broken);
      resolve(body);
    };
    const take = (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes <= MOST_ERROR_BYTES) return;
      answer.pause();
      answer.unshift(Buffer.concat(pieces));
      settle(undefined);
    };
    const end = () => settle(Buffer.concat(pieces));
    const broken = () => settle(undefined);
    answer.on('data', take).on('end', end).on('close', broken);
  });
}

/** Of the credentials, or of the way to the gateway. */
function unsent(error: unknown): Refusal {
  const { code, message } = failureOf(error);
  if (code === 'no_credentials') return { status: 401, code, message };
  return {
    ...{ status: 502, code: 'gateway_unreachable', retryAfterSeconds: 1 },
    message: `the gateway could not be reached: ${message}`,
  };
}
