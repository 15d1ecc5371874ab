import { reserve } from '../../lambdas/metering/admission.js';
import { demandOf } from '../../lambdas/metering/demand.js';
import type { Authorize, Metering, Used } from '../../lambdas/metering/metering.js';
import { createQuotaMetering } from '../../lambdas/metering/quota-metering.js';
import type { RequestBody } from '../../lambdas/metering/request-body.js';
import {
  fakeAuthorize,
  fakeDirectory,
  fakeQuotas,
  fakeTariff,
} from '../../test/support/gateway-fakes.js';
import { benchPolicy, CALLER } from './bench-policy.js';
import { median } from './load.js';

const ROUNDS = 15;
const REQUESTS = 20_000;
const USED: Used = { kind: 'measured', usage: { prompt_tokens: 11, completion_tokens: 7 } };
const BODY: RequestBody = {
  kind: 'body',
  fields: {},
  model: 'mistral-small-latest',
  maxTokens: 500,
  completions: 1,
  priority: false,
  hasMedia: false,
  hasAudio: false,
};

/** What a request costs besides being read and sent, from memory. */
export function decisionMicroseconds(): number {
  const policy = benchPolicy('http://127.0.0.1');
  const models = fakeDirectory();
  const authorize = fakeAuthorize(policy, models);
  const metering = createQuotaMetering(policy, fakeQuotas(), fakeTariff);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAt = process.hrtime.bigint();
    for (let i = 0; i < REQUESTS; i += 1) decide(authorize, metering, models);
    return Number(process.hrtime.bigint() - startedAt) / 1000 / REQUESTS;
  });
  return median(rounds);
}

function decide(
  authorize: Authorize,
  metering: Metering,
  models: ReturnType<typeof fakeDirectory>,
): void {
  const grant = authorize(CALLER, { model: BODY.model, maxTokens: BODY.maxTokens });
  if (grant.kind === 'refuse') throw new Error(grant.message);
  const held = reserve(metering, demandOf(BODY, 900, 'generation', grant, models));
  if ('then' in held || held.kind !== 'reserved') throw new Error('not from memory');
  held.settle(USED);
}
