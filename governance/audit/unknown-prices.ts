import { exactModels } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { toSafeLine } from '../platform/quoting.js';
import type { Policy } from '../policy/policy.js';
import { createPriceBook } from '../prices/price-book.js';
import type { Finding } from './finding.js';
import { driftFinding } from './policy-drift.js';

/** Models that the policy names, that Mistral serves, and that neither policy nor price book prices. */
export function judgePrices(
  policy: Policy,
  models: readonly MistralModel[],
  now: Date,
): readonly Finding[] {
  const book = createPriceBook(policy, () => now.getTime());
  const exact = exactModels(models, book.models);
  const named = [...policy.workspaces, ...Object.values(policy.roles)].flatMap((one) =>
    one.models === '*' ? [] : one.models,
  );
  const ids = new Set(named.flatMap((name) => exact.get(name)?.id ?? []));
  return [...ids].sort().flatMap((id) => {
    const prices = book.pricesOf(id);
    if (prices !== undefined && prices.source !== 'most-expensive') return [];
    const model = toSafeLine(id);
    return [
      driftFinding('unknown-price', 'model', model, now, {
        workspace: ORGANIZATION,
        summary: prices
          ? 'No price is known: its requests are charged as the most expensive model.'
          : 'No price is known: its requests are refused (model_not_priced).',
        evidence: { unknownModel: policy.prices.unknownModel },
        nextStep: `Add the model's prices per million tokens in ${policy.mistral.currency} to governance.yaml, then deploy: prices: { models: { ${JSON.stringify(model)}: { inputPerMillionTokens: …, cachedPerMillionTokens: …, outputPerMillionTokens: … } } }`,
      }),
    ];
  });
}
