import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, type Problem, type WholeAnswer } from '../../governance/metering/problem.js';

/** How long a refused body may go on arriving, so that its sender reads the refusal, not a reset. */
export const LINGER_MS = 2000;

/** Sends an answer in one piece, to be read within a time. */
export function endAnswer(
  response: ServerResponse,
  { status, headers, body }: WholeAnswer,
  readWithinMs: number,
): void {
  response.writeHead(status, headers);
  response.end(body);
  expectRead(response, readWithinMs);
}

/** Rejects a request whose body is still to come. */
export function refuseUnread(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Problem,
  readWithinMs: number,
): void {
  endAnswer(response, answerOf(refusal), readWithinMs);
  if (!request.complete) leaveUnread(request);
}

/** Of a request that has its answer, no more is read than what its sender cannot take back. */
export function leaveUnread(request: IncomingMessage): void {
  request.resume();
  const linger = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(linger));
}

/** Cuts a caller off that does not read the end of its answer, which would stay in memory. */
export function expectRead(response: ServerResponse, withinMs: number): void {
  if (response.writableFinished) return; // as nearly all are: it is with the operating system
  const expect = () => {
    const limit = setTimeout(() => response.destroy(), withinMs);
    response.once('close', () => clearTimeout(limit));
  };
  if (response.socket) expect();
  else response.once('socket', expect); // its turn comes after the answers before it
}
