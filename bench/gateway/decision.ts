import { authorizeRequest } from '../../governance/access/authorize.js';
import { type CompiledAccess, compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { demandOf } from '../../governance/metering/demand.js';
import {
  createMetering,
  type HoldOutcome,
  type Metering,
} from '../../governance/metering/metering.js';
import type { RequestBody } from '../../governance/metering/request-body.js';
import { createTariff } from '../../governance/metering/tariff.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { createQuotaHolder } from '../../governance/quotas/quota-holder.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { median } from '../figure.js';
import { benchPolicy, CALLER } from './bench-policy.js';

const ROUNDS = 15;
const REQUESTS = 20_000;
const USAGE = { prompt_tokens: 11, completion_tokens: 7 };
const BODY: RequestBody = {
  route: '/v1/chat/completions',
  fields: {},
  model: 'mistral-small-latest',
  maxTokens: 500,
  completions: 1,
  priority: false,
  images: 0,
  hasMedia: false,
};

/** The cost of a request besides reading and sending it, from leases in memory. */
export async function decisionMicroseconds(): Promise<number> {
  const policy = benchPolicy('https://api.mistral.ai');
  const priceBook = createPriceBook(policy);
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  const quotas = createQuotaHolder({
    holderId: 'bench',
    counters: createFakeQuotaCounters(),
    nowMs: Date.now,
    flushEverySeconds: 1,
  });
  const metering = createMetering(policy, quotas, createTariff(priceBook));
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let pauses = 0;
    const startedAt = process.hrtime.bigint();
    for (let i = 0; i < REQUESTS; i += 1) {
      const waits = decide(access, metering);
      if (!waits) continue;
      pauses += 1;
      await waits;
    }
    const nanoseconds = Number(process.hrtime.bigint() - startedAt);
    if (pauses < REQUESTS / 100) rounds.push(nanoseconds / 1000 / REQUESTS);
  }
  await quotas.close();
  return median(rounds);
}

/** Synchronous from memory; a promise where a lease had to be fetched. */
function decide(access: CompiledAccess, metering: Metering): Promise<void> | undefined {
  const asked = { model: BODY.model, maxTokens: BODY.maxTokens };
  const grant = authorizeRequest(access, CALLER, asked);
  if (grant.kind === 'refuse') throw new Error(grant.message);
  const held = metering.reserve(demandOf(BODY, 900, 'generation', grant, access.models));
  if ('then' in held) return held.then(settle);
  settle(held);
  return undefined;
}

function settle(held: HoldOutcome): void {
  if (held.kind !== 'reserved') throw new Error(`not reserved: ${held.kind}`);
  held.delivered(USAGE);
}
