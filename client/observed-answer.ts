import { DeliveredText } from '../governance/metering/delivered-text.js';
import type { Partly, Tally } from '../governance/metering/tally.js';
import { UsageScanner } from '../governance/metering/usage-scanner.js';

const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';

/**
 * The same answer, byte for byte and no faster than it is read, settled when it ends: in full, at
 * the caller's will, or because it broke off.
 */
export function observed(response: Response, tally: Tally): Response {
  const { status, statusText, headers, body } = response;
  const type = headers.get('content-type') ?? JSON_TYPE;
  const isStream = type.startsWith(STREAM);
  if (body === null || !(isStream || type.startsWith(JSON_TYPE))) {
    tally.refused(); // not from the API, whatever its status says
    return response;
  }
  const watched = watch(body, new Observation(tally, isStream));
  return new Response(watched, { status, statusText, headers });
}

/** What passed of one answer. It is settled once, at the first end that comes. */
class Observation {
  readonly #scanner = new UsageScanner();
  readonly #text: DeliveredText | undefined;

  constructor(
    private readonly tally: Tally,
    isStream: boolean,
  ) {
    this.#text = isStream ? new DeliveredText() : undefined;
  }

  see({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#scanner.scan(bytes);
    this.#text?.see(bytes);
  }

  ended(): void {
    this.tally.delivered(this.#scanner.usage);
  }

  brokeOff(): void {
    const generated: Partly['generated'] = this.#text ? 'as delivered' : 'all';
    const deliveredTokens = this.#text?.tokens ?? 0;
    this.tally.partly({ usage: this.#scanner.usage, deliveredTokens, generated });
  }
}

/** Answers that nobody read to the end nor cancelled, when they are gone from memory. */
const forgotten = new FinalizationRegistry<() => void>((giveUp) => giveUp());

// No TransformStream: Node 20's does not tell when its reader cancels.
function watch(body: ReadableStream<Uint8Array>, observation: Observation): ReadableStream {
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            observation.see(value);
            controller.enqueue(value);
            return;
          }
          observation.ended();
          controller.close();
        } catch (error) {
          observation.brokeOff();
          controller.error(error);
        }
      },
      async cancel(reason) {
        observation.brokeOff();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 }, // nothing is read ahead of whoever reads this
  );
  forgotten.register(watched, () => {
    observation.brokeOff();
    reader.cancel().catch(() => {}); // broken already
  });
  return watched;
}
