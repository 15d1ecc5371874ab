import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, type Problem } from '../../governance/metering/problem.js';

/** How long a refused body may go on arriving, so that its sender reads the refusal, not a reset. */
const LINGER_MS = 2000;

export function refuseUnread(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Problem,
): void {
  const { status, headers, body } = answerOf(refusal);
  response.writeHead(status, headers);
  response.end(body);
  if (request.complete) return;
  request.resume();
  const linger = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(linger));
}
