import { type AnswerMeter, meterFor } from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/metering.js';

/**
 * The same answer, byte for byte and no faster than it is read. It is settled when it ends: in full,
 * because the reader leaves, or because it breaks off.
 */
export function observed(response: Response, hold: Hold): Response {
  const { status, statusText, headers, body } = response;
  const meter = meterFor(headers.get('content-type') ?? undefined);
  if (body === null || !meter) {
    hold.failed(status); // not from the API, for any status
    return response;
  }
  return new Response(observedBody(body, meter, hold), { status, statusText, headers });
}

/** Answers that were neither read to the end nor cancelled, once they are garbage-collected. */
const forgotten = new FinalizationRegistry<() => void>((giveUp) => giveUp());

// Not a TransformStream: Node 20's does not tell when its reader cancels.
function observedBody(
  body: ReadableStream<Uint8Array>,
  meter: AnswerMeter,
  hold: Hold,
): ReadableStream {
  const reader = body.getReader();
  const endedEarly = () => hold.endedEarly(meter.partial);
  const observing = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            meter.see(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
            controller.enqueue(value);
            return;
          }
          hold.delivered(meter.usage);
          controller.close();
        } catch (error) {
          endedEarly();
          controller.error(error);
        }
      },
      async cancel(reason) {
        endedEarly();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 }, // read nothing ahead of the reader
  );
  forgotten.register(observing, () => {
    endedEarly();
    reader.cancel().catch(() => {}); // broken already
  });
  return observing;
}
