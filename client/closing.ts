import { setTimeout as wait } from 'node:timers/promises';

/** The requests that hold a reservation now. */
export class InFlight {
  #count = 0;
  #isClosed = false;
  #onIdle: (() => void)[] = [];

  get isClosed(): boolean {
    return this.#isClosed;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle = [];
  }

  /** Rejects new requests, and waits until the others have ended or the timeout has passed. */
  async close(timeoutSeconds: number): Promise<void> {
    this.#isClosed = true;
    if (this.#count === 0) return;
    const abort = new AbortController();
    const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    const timeout = wait(timeoutSeconds * 1000, undefined, { signal: abort.signal });
    await Promise.race([idle, timeout]);
    abort.abort();
    await timeout.catch(() => {}); // aborted
  }
}

/** The part of `process` that is listened to. */
export interface EndingProcess {
  readonly pid: number;
  once(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
}

/**
 * Closes at SIGTERM, and when the process has nothing left to do. Returns what undoes this. A
 * process with its own SIGTERM listener still decides when to end.
 */
export function closeAtEnd(ending: EndingProcess, close: () => Promise<void>): () => void {
  async function onTerminate(): Promise<void> {
    const isLast = ending.listenerCount('SIGTERM') === 0;
    await close();
    // With a listener, the signal no longer ends the process by itself.
    if (isLast) ending.kill(ending.pid, 'SIGTERM');
  }
  const terminate = () => void onTerminate();
  const exit = () => void close();
  ending.once('SIGTERM', terminate);
  ending.once('beforeExit', exit);
  return () => {
    ending.off('SIGTERM', terminate);
    ending.off('beforeExit', exit);
  };
}
