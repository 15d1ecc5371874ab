import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { observed } from '../../client/observed-answer.js';
import type { Used } from '../../governance/metering/metering.js';
import { Tally } from '../../governance/metering/tally.js';
import { aDemand } from '../support/client-demand.js';
import { eventually, streamEvents } from '../support/gateway-world.js';

const EVENTS = streamEvents(['Hel', 'lo', ' wörld']);

describe('an answer that is looked at', () => {
  function settledWith(): { used: Used[]; tally: Tally } {
    const used: Used[] = [];
    const settle = (one: Used) => void used.push(one);
    const tally = new Tally(aDemand(), { kind: 'reserved', settle, release() {} });
    return { used, tally };
  }
  const bytes = Buffer.from(EVENTS.join(''));
  const init = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } };

  test('is the same at whatever byte it is cut', async () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { used, tally } = settledWith();
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length);
      const answer = observed(new Response(ReadableStream.from(parts), init), tally);

      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
      expect(used).toMatchObject([{ kind: 'measured', usage: { total_tokens: 18 } }]);
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
    const reader = observed(new Response(source, init), settledWith().tally).body?.getReader();

    await reader?.read();
    await reader?.read();

    expect(pulled).toBe(2);
  });

  test('is settled once, at the first of its ends', async () => {
    const { used, tally } = settledWith();
    const answer = observed(new Response(ReadableStream.from([bytes]), init), tally);

    await answer.text();
    await answer.body?.cancel().catch(() => {});

    expect(used).toHaveLength(1);
  });

  test('is settled where whoever asked forgot about it', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const { used, tally } = settledWith();
    let hungUp = false;
    (() => {
      const source = new ReadableStream({
        cancel() {
          hungUp = true;
        },
      });
      observed(new Response(source, init), tally);
    })();

    await eventually(() => {
      collect();
      return used.length > 0;
    });

    expect(used).toMatchObject([{ kind: 'estimated', completionTokens: 0 }]);
    expect(hungUp).toBe(true);
  });

  test('counts nothing where it is not from the API at all', async () => {
    const { used, tally } = settledWith();
    const page = { headers: { 'content-type': 'text/html' } };

    expect(await observed(new Response('<html>', page), tally).text()).toBe('<html>');
    expect(used).toEqual([{ kind: 'nothing' }]);
  });
});
