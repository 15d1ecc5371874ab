import { setTimeout as wait } from 'node:timers/promises';

/** The requests that hold a reservation now. */
export class UnderWay {
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

  /** Lets nothing new begin and waits until all have ended, though not for ever. */
  async close(timeoutSeconds: number): Promise<void> {
    this.#isClosed = true;
    if (this.#count === 0) return;
    const gaveUp = new AbortController();
    const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    const timeout = wait(timeoutSeconds * 1000, undefined, { signal: gaveUp.signal });
    await Promise.race([idle, timeout]);
    gaveUp.abort();
    await timeout.catch(() => {}); // aborted
  }
}
