import * as z from 'zod';
import { backoffMs } from './backoff.js';
import { messageOf } from './failures.js';
import type { Log } from './log.js';

const RequestSchema = z.object({
  /** Signed, and for this one answer. */
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});

const ATTEMPTS = 5;
const TIMEOUT_MS = 10_000;
/** CloudFormation takes 4096 bytes altogether. */
const MOST_REASON = 1500;

/**
 * Answers CloudFormation, which waits an hour for an answer, also where the resource could not be provided.
 *
 * @param provide makes the resource and returns its id; `undefined` keeps the one that it has
 */
export function answeringStack(log: Log, provide: (event: unknown) => Promise<string | undefined>) {
  return async (event: unknown): Promise<void> => {
    const { ResponseURL, ...request } = RequestSchema.parse(event);
    const { PhysicalResourceId = request.RequestId, ...ids } = request;
    const outcome = await provide(event).then(
      (id) => ({ Status: 'SUCCESS', PhysicalResourceId: id ?? PhysicalResourceId }),
      (error: unknown) => {
        log.error('not provided', { error });
        return {
          Status: 'FAILED',
          Reason: messageOf(error).slice(0, MOST_REASON),
          PhysicalResourceId,
        };
      },
    );
    await send(ResponseURL, JSON.stringify({ ...ids, ...outcome, NoEcho: true }));
  };
}

async function send(url: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The address is signed for a request without a type.
      const answer = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': '' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.ok) return;
      throw new Error(`CloudFormation's address for the answer said ${answer.status}`);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      const pauseMs = backoffMs(attempt, Math.random);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
