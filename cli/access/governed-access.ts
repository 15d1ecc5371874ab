import { authorizeRequest } from '../../lambdas/domain/authorize.js';
import { type CompiledAccess, compileAccess } from '../../lambdas/domain/compile-access.js';
import { createModelDirectory } from '../../lambdas/domain/model-directory.js';
import type { Policy } from '../../lambdas/domain/policy.js';
import { createPriceBook, type PriceBook } from '../../lambdas/domain/prices/price-book.js';
import type { Authorize } from '../../lambdas/metering/metering.js';
import type { Tariff } from '../../lambdas/metering/quota-metering.js';
import { createTariff } from '../../lambdas/metering/tariff.js';

/** The gateway's rules and prices, over the models that the price list knows: no network is asked. */
export interface GovernedAccess {
  readonly access: CompiledAccess;
  readonly authorize: Authorize;
  readonly priceBook: PriceBook;
  readonly tariff: Tariff;
}

export function openAccess(policy: Policy): GovernedAccess {
  const priceBook = createPriceBook(policy);
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  return {
    access,
    authorize: (caller, request) => authorizeRequest(access, caller, request),
    priceBook,
    tariff: createTariff(priceBook),
  };
}
