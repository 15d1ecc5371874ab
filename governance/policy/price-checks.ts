import { quoted } from '../platform/wording.js';
import { PRICE_LIST } from '../prices/price-list.js';
import type { Policy } from './policy.js';
import type { PolicyProblem } from './policy-problem.js';

type Problems = Generator<PolicyProblem>;

export const priceChecks = [modelAliases, priceDays, priceSource];

/** Requests are priced by exact ids, so that a price under an alias would never be used. */
function* modelAliases({ prices, limits }: Policy): Problems {
  for (const [field, { models }] of Object.entries({ prices, limits })) {
    for (const name of Object.keys(models)) {
      const id = PRICE_LIST.find(({ aliases }) => aliases.includes(name))?.id;
      const message = `${quoted(name)} is an alias, which may come to stand for another model: must be an exact id such as ${quoted(id)}`;
      if (id !== undefined) yield { path: [field, 'models', name], message };
    }
  }
}

/** Out of order, one of two prices would never be used. */
function* priceDays({ prices }: Policy): Problems {
  for (const [id, { from, changes = [] }] of Object.entries(prices.models)) {
    let before = from;
    for (const [index, change] of changes.entries()) {
      if (before !== undefined && change.from <= before) {
        yield {
          path: ['prices', 'models', id, 'changes', index, 'from'],
          message: `${quoted(change.from)} is not after ${quoted(before)}: must be a later day than that of the prices before`,
        };
      }
      before = change.from;
    }
  }
}

/** Usage reports are part of the Admin API. */
function* priceSource({ prices, mistral }: Policy): Problems {
  if (prices.source !== 'bill' || mistral.keySource !== 'operator') return;
  yield {
    path: ['prices', 'source'],
    message:
      '"bill" needs Mistral\'s usage report, which the Admin API alone has, and mistral.keySource is "operator": must be "price-book"',
  };
}
