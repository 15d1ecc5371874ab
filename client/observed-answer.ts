import { type AnswerMeter, meterFor } from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/hold.js';

/** The caller of an answer, who may leave before its end. */
export interface AnswerReader {
  readonly signal: AbortSignal;
  /** Whether the rest is read without it, within its limits. */
  readonly readsOn: () => boolean;
  /** Of the request, which this side may end. */
  readonly sending: AbortController;
}

/**
 * The same answer, byte for byte and no faster than it is read. It is settled when it ends, also
 * without its reader, or because it is cut or breaks off.
 */
export function observed(response: Response, hold: Hold, caller: AnswerReader): Response {
  const { status, statusText, headers, body } = response;
  const meter = meterFor(headers.get('content-type') ?? undefined);
  if (body === null || !meter) {
    hold.failed(status); // not from the API, for any status
    return response;
  }
  const reading = new ObservedBody(body.getReader(), meter, hold, caller);
  return new Response(reading.stream(), { status, statusText, headers });
}

/** Answers that were neither read to the end nor cancelled, once they are garbage-collected. */
const forgotten = new FinalizationRegistry<() => void>((leave) => leave());

class ObservedBody {
  #hasLeft = false;

  constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly meter: AnswerMeter,
    private readonly hold: Hold,
    private readonly caller: AnswerReader,
  ) {}

  // Not a TransformStream: Node 20's does not tell when its reader cancels.
  stream(): ReadableStream<Uint8Array> {
    const { signal } = this.caller;
    const observing = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const weakly = new WeakRef(controller); // or a forgotten answer would live as long as its signal
          signal.addEventListener('abort', () => {
            if (!this.hold.isOpen) return;
            weakly.deref()?.error(signal.reason);
            void this.#leave();
          });
        },
        pull: async (controller) => {
          try {
            const value = await this.#next();
            if (value) controller.enqueue(value);
            else controller.close();
          } catch (error) {
            controller.error(error);
          }
        },
        cancel: (reason) => this.#leave(reason),
      },
      { highWaterMark: 0 }, // read nothing ahead of the reader
    );
    forgotten.register(observing, () => void this.#leave());
    return observing;
  }

  /** `undefined` at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.reader.read();
      if (done) this.hold.ended(this.meter.answer);
      else this.meter.see(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      return value;
    } catch (error) {
      if (this.caller.sending.signal.aborted) this.hold.endedEarly(this.meter.answer);
      else this.hold.brokeOff(this.meter.answer);
      throw error;
    }
  }

  /** What waits for a reader is generated, too: without reading on, it is unknown how much that is. */
  async #leave(reason?: unknown): Promise<void> {
    if (!this.hold.isOpen || this.#hasLeft) return;
    this.#hasLeft = true;
    const isKnown = this.meter.isStream && this.meter.answer.usage !== undefined;
    if (!isKnown && this.caller.readsOn()) {
      void this.#readOn();
      return;
    }
    this.hold.brokeOff(this.meter.answer);
    this.caller.sending.abort();
    await this.reader.cancel(reason).catch(() => {}); // broken already
  }

  async #readOn(): Promise<void> {
    try {
      while (await this.#next());
    } catch {
      // settled
    }
  }
}
