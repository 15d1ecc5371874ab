import { createQuotaHolder } from '../../governance/quotas/quota-holder.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { atMost, type Figure } from '../figure.js';

const NAMES = 35_000;
const FLUSH_EVERY = 500;
/** Within so many seconds, leases for rare use are returned. */
const IDLE_SECONDS = 15;

/** What the session names of a day leave behind: a flush a second, which holds up all requests. */
export async function idleFlush(): Promise<Figure> {
  let nowMs = Date.parse('2026-11-23T08:00:00Z');
  const holder = createQuotaHolder({
    holderId: 'bench',
    counters: createFakeQuotaCounters(),
    nowMs: () => nowMs,
  });
  const pass = () => {
    nowMs += 1000;
    return holder.flush();
  };
  for (let name = 0; name < NAMES; name += 1) {
    const scope = `caller#arn:aws:sts::111122223333:assumed-role/developer/session-${name}`;
    const quota = { scope, unit: 'tokens', window: 'day', limit: 500_000 } as const;
    const held = await holder.reserve([{ quota, amount: 600 }]);
    if (held.kind !== 'reserved') throw new Error(`not reserved: ${held.kind}`);
    held.settle([30]);
    if (name % FLUSH_EVERY === 0) await pass();
  }
  for (let seconds = 0; seconds < IDLE_SECONDS; seconds += 1) await pass();
  const startedAt = process.hrtime.bigint();
  await holder.flush();
  return atMost(1, {
    name: 'gateway/idle-flush',
    value: Number(process.hrtime.bigint() - startedAt) / 1e6,
    unit: `ms after ${NAMES} session names`,
  });
}
