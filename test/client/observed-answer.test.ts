import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { observed } from '../../client/observed-answer.js';
import { Hold } from '../../governance/metering/hold.js';
import { aDemand } from '../support/client-demand.js';
import { fakeTariff } from '../support/gateway-fakes.js';
import { eventually, streamEvents, USAGE } from '../support/gateway-world.js';

const DEMAND = aDemand();
const EVENTS = streamEvents(['Hel', 'lo', ' wörld']);
/** Who reads to the end, or leaves without being read on for. */
const reader = () => ({
  signal: new AbortController().signal,
  sending: new AbortController(),
  readsOn: () => false,
});

describe('an observed answer', () => {
  /** A hold on daily tokens, and what was settled of them. */
  function aHold() {
    const settled: number[] = [];
    const quota = { scope: 'caller#c', unit: 'tokens', window: 'day', limit: 10_000 } as const;
    const reservation = {
      kind: 'reserved',
      settle: ([tokens = 0]: readonly number[]) => void settled.push(tokens),
      release() {},
    } as const;
    return { settled, hold: new Hold(DEMAND, [{ quota, amount: 1100 }], reservation, fakeTariff) };
  }
  const bytes = Buffer.from(EVENTS.join(''));
  const init = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } };

  test('is the same whichever byte it is cut at', async () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { settled, hold } = aHold();
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length);
      const answer = observed(new Response(ReadableStream.from(parts), init), hold, reader());

      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
      expect(settled).toEqual([USAGE.total_tokens]);
    }
  });

  test('is not read ahead of its reader', async () => {
    let pulled = 0;
    const source = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(Buffer.from(EVENTS[1] ?? ''));
        },
      },
      { highWaterMark: 0 },
    );
    const body = observed(new Response(source, init), aHold().hold, reader()).body?.getReader();

    await body?.read();
    await body?.read();

    expect(pulled).toBe(2);
  });

  test('is settled once', async () => {
    const { settled, hold } = aHold();
    const answer = observed(new Response(ReadableStream.from([bytes]), init), hold, reader());

    await answer.text();
    await answer.body?.cancel().catch(() => {});

    expect(settled).toHaveLength(1);
  });

  test('is settled when its reader drops it', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const { settled, hold } = aHold();
    let hungUp = false;
    (() => {
      const source = new ReadableStream({
        cancel() {
          hungUp = true;
        },
      });
      observed(new Response(source, init), hold, reader());
    })();

    await eventually(() => {
      collect();
      return settled.length > 0;
    });

    // What waited to be read is not known.
    expect(settled).toEqual([DEMAND.promptTokens + DEMAND.completionTokens]);
    expect(hungUp).toBe(true);
  });

  test('counts nothing if it is not from the API', async () => {
    const { settled, hold } = aHold();
    const page = { headers: { 'content-type': 'text/html' } };

    expect(await observed(new Response('<html>', page), hold, reader()).text()).toBe('<html>');
    expect(settled).toEqual([0]);
  });
});
