import type { WholeAnswer } from '../governance/metering/problem.js';

/** Where an answer goes: the response of a socket, or Lambda's stream. */
export interface Reply {
  readonly started: boolean;
  /** Of the answer to come, be it an error or not. */
  addHeader(name: string, value: string): void;
  /** Headers are name, value, name, value … */
  start(status: number, headers: string[]): void;
  /** Sends the head by itself, before there is a body. */
  flushHead(): void;
  /** `false` asks the sender to wait until the reply has drained. */
  write(chunk: Buffer): boolean;
  onceDrained(listener: () => void): void;
  end(chunk?: Buffer): void;
  /** Breaks the connection, so that the caller does not take a part for the whole. */
  destroy(): void;
}

/** Where an answer goes that only its usage is read of. */
export const NOWHERE: Reply = {
  started: true,
  addHeader() {},
  start() {},
  flushHead() {},
  write: () => true,
  onceDrained() {},
  end() {},
  destroy() {},
};

export function send(reply: Reply, { status, headers, body }: WholeAnswer): void {
  reply.start(status, headers);
  reply.end(body);
}

/** What a shell knows of a request before its body. */
export interface CallHead {
  /** The IAM identity that the shell vouches for; `undefined` where there is none. */
  readonly callerArn: string | undefined;
  readonly accept: string | undefined;
  /** Of a form. */
  readonly contentType?: string | undefined;
  /** `x-affinity`: requests of one session reach the same prompt cache. */
  readonly affinity?: string | undefined;
}

/** A request that a shell has handed over. */
export interface RequestInFlight {
  /** The caller is gone: settle what was delivered, or read on until that is known. */
  abandon(): void;
  /** What still goes on without the caller; the process may not be frozen before. */
  readonly readsOn: Promise<void> | undefined;
}
