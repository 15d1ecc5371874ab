import { authorizeRequest } from '../../governance/access/authorize.js';
import { type CompiledAccess, compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import type { Authorize } from '../../governance/metering/metering.js';
import type { Tariff } from '../../governance/metering/quota-metering.js';
import { createTariff } from '../../governance/metering/tariff.js';
import type { Policy } from '../../governance/policy/policy.js';
import { createPriceBook, type PriceBook } from '../../governance/prices/price-book.js';

/** The gateway's rules and prices for the models of the price list, without a call to Mistral. */
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
