import { atMost, type Figure, median } from '../figure.js';
import { CALLER, CALLER_HEADER } from './bench-policy.js';
import { startChild } from './child.js';
import { worstBodies } from './worst-bodies.js';

const ROUNDS = 3;

export interface Hold {
  readonly body: string;
  readonly milliseconds: number;
}

/** How long one request with each of the worst bodies holds up all others. */
export async function holdsOfWorstBodies(rounds = ROUNDS): Promise<readonly Hold[]> {
  const stub = await startChild('stub-upstream');
  const gateway = await startChild('node-shell', stub.url);
  const send = async (body: Buffer) => {
    const headers = { 'content-type': 'application/json', [CALLER_HEADER]: CALLER };
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      ...{ method: 'POST', headers, body },
    });
    await answer.arrayBuffer();
    return gateway.ask<number>('longest hold');
  };
  try {
    const holds: Hold[] = [];
    const bodies = worstBodies();
    for (const body of [...bodies.values()].slice(0, 10)) await send(body); // warm
    for (const [body, bytes] of bodies) {
      const measured: number[] = [];
      while (measured.length < rounds) measured.push(await send(bytes));
      holds.push({ body, milliseconds: median(measured) });
    }
    return holds.toSorted((one, other) => other.milliseconds - one.milliseconds);
  } finally {
    await gateway.stop();
    await stub.stop();
  }
}

export async function longestHold(): Promise<Figure> {
  const [worst] = await holdsOfWorstBodies();
  if (!worst) throw new Error('no hold was measured');
  return atMost(50, {
    name: 'gateway/longest-hold',
    value: worst.milliseconds,
    unit: `ms by one request, with ${worst.body}`,
  });
}
