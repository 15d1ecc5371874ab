import { type AnswerMeter, meterFor } from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/metering.js';

/** The caller of an answer that Mistral generates whole. */
export interface WholeAnswerReader {
  readonly signal: AbortSignal;
  /** The caller has left, and the rest is read without it. */
  readonly readOn: () => void;
}

/**
 * The same answer, byte for byte and no faster than it is read. It is settled when it ends: in full,
 * because the reader leaves, or because it breaks off. A whole answer is read to its end in any case.
 *
 * @param signal ends the request from this side
 */
export function observed(
  response: Response,
  hold: Hold,
  signal: AbortSignal,
  whole?: WholeAnswerReader,
): Response {
  const { status, statusText, headers, body } = response;
  const meter = meterFor(headers.get('content-type') ?? undefined);
  if (body === null || !meter) {
    hold.failed(status); // not from the API, for any status
    return response;
  }
  const reading = new ObservedBody(
    body.getReader(),
    meter,
    hold,
    signal,
    meter.isStream ? undefined : whole,
  );
  return new Response(reading.stream(), { status, statusText, headers });
}

/** Answers that were neither read to the end nor cancelled, once they are garbage-collected. */
const forgotten = new FinalizationRegistry<() => void>((leave) => leave());

class ObservedBody {
  constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly meter: AnswerMeter,
    private readonly hold: Hold,
    private readonly signal: AbortSignal,
    private readonly whole: WholeAnswerReader | undefined,
  ) {}

  // Not a TransformStream: Node 20's does not tell when its reader cancels.
  stream(): ReadableStream<Uint8Array> {
    const { whole } = this;
    const observing = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const weakly = new WeakRef(controller); // or a forgotten answer would live as long as its signal
          whole?.signal.addEventListener('abort', () => {
            if (!this.hold.isOpen) return;
            weakly.deref()?.error(whole.signal.reason);
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
      if (this.signal.aborted) this.hold.endedEarly(this.meter.answer);
      else this.hold.brokeOff(this.meter.answer);
      throw error;
    }
  }

  async #leave(reason?: unknown): Promise<void> {
    if (this.whole && this.hold.isOpen) {
      this.whole.readOn();
      void this.#readOn();
      return;
    }
    this.hold.endedEarly(this.meter.answer);
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
