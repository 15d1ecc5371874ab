import type { Problem } from '../../governance/metering/problem.js';
import type { ApiKey } from '../../governance/mistral/api-key.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { failureForCaller, keyRejected, keyReplaced, keyUnavailable } from '../problems.js';
import type { CallHead } from '../reply.js';
import type { UpstreamAnswer, UpstreamRequest } from '../upstream.js';
import { type Destination, type Sink, Transfer, type Transferred } from './transfer.js';

export interface Question
  extends Pick<UpstreamRequest, 'method' | 'path' | 'body' | 'contentType'> {
  /** Whose key sends it. */
  readonly workspace: string;
  readonly head: CallHead;
  /** For a long answer, which is passed on as it comes. @default it is read whole */
  readonly to?: Destination | Sink | undefined;
  /** Its body can be read once, so that only the caller can send it again. */
  readonly isOnce?: boolean;
  /** Learns how the transfer can be cut. */
  readonly onTransfer?: (transfer: Transfer) => void;
}

/** What came of a question. */
export type Asked =
  | ({ readonly kind: 'answered'; readonly key: ApiKey } & UpstreamAnswer)
  | { readonly kind: 'delivered' }
  | { readonly kind: 'broken off' }
  /** Nothing came of it as far as is known: Mistral may have acted where it `wasSent`. */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly wasSent: boolean };

type Deps = Pick<GatewayDeps, 'keys' | 'upstream' | 'metrics' | 'alerts' | 'log'>;

/** One call to Mistral with the workspace's key, and with the key read again after a 401. */
export async function askMistral(deps: Deps, question: Question): Promise<Asked> {
  const { keys, metrics, alerts, log } = deps;
  const { workspace } = question;
  let key: ApiKey;
  try {
    key = await keys.current(workspace);
  } catch (error) {
    // The message may quote the key that was read.
    log.error('key not read', {
      workspace,
      reason: error instanceof Error ? error.name : 'unknown',
    });
    return { kind: 'failed', problem: keyUnavailable(workspace, error), wasSent: false };
  }
  for (let isSecond = false; ; isSecond = true) {
    const result = await transfer(deps, question, key);
    if (result.kind === 'unanswered') return unanswered(deps, question, result);
    if (result.kind !== 'answered') return { kind: result.kind };
    const { status } = result;
    if (status === 401 || status === 429) metrics.refused(status);
    if (status !== 401) return { ...result, key };
    const other = isSecond ? undefined : await keys.instead(workspace, [key]);
    if (!other) {
      log.error('key rejected', { workspace, reason: '401, also with the secret read again' });
      alerts.unauthorized(workspace);
      return { kind: 'failed', problem: keyRejected(workspace), wasSent: false };
    }
    if (question.isOnce) {
      return { kind: 'failed', problem: keyReplaced(workspace), wasSent: false };
    }
    key = other;
  }
}

function transfer(
  { upstream }: Deps,
  { method, path, body, contentType, head, to, onTransfer }: Question,
  key: ApiKey,
): Promise<Transferred> {
  return new Promise((resolve) => {
    const handler = new Transfer(key, to, resolve);
    onTransfer?.(handler);
    upstream.dispatch({ method, path, key, head, body, contentType }, handler);
  });
}

function unanswered(
  { log }: Deps,
  { workspace, method, path }: Question,
  { reason, wasSent }: Transferred & { readonly kind: 'unanswered' },
): Asked {
  log.warn('no answer', { reason, workspace, method, path });
  const problem = failureForCaller(reason === 'too long' ? 'connection broken' : reason);
  return { kind: 'failed', problem, wasSent };
}
