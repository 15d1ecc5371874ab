import type { NamedModel } from '../prices/price-list.js';

/** The models that Mistral serves, by any of their names. */
export interface ModelDirectory {
  /** The exact id behind an id or alias; `undefined` for a model that is not served. */
  resolve(name: string): string | undefined;
  /** How many tokens a prompt and its completion may have together, where known. */
  contextTokens(id: string): number | undefined;
  readonly ids: readonly string[];
}

/** What a name stands for: an exact id, and the entry of the list that says so. */
export interface ExactModel<Model extends NamedModel> {
  readonly id: string;
  readonly model: Model;
}

/** How much a name looks like an exact id: the less, the more. */
type Rank = (name: string) => number;

const DATED = /-\d{4}$/;
const NO_EXACT_ID = 2;

/**
 * The models as Mistral lists them now. Of the price book it takes what the list leaves out: which
 * of a model's names is its exact id, and how long its context is.
 */
export function createModelDirectory(
  models: readonly NamedModel[],
  priceBook: { readonly models: readonly NamedModel[] },
): ModelDirectory {
  const priced = new Map(priceBook.models.map((model) => [model.id, model]));
  const exact = exactModels(models, priceBook.models);
  const contexts = new Map<string, number>();
  for (const { id, model } of exact.values()) {
    const contextTokens = model.contextTokens ?? priced.get(id)?.contextTokens;
    if (contextTokens !== undefined) contexts.set(id, contextTokens);
  }
  return {
    resolve: (name) => exact.get(name)?.id,
    contextTokens: (id) => contexts.get(id),
    ids: [...new Set([...exact.values()].map(({ id }) => id))].sort(),
  };
}

/** What every name in Mistral's list stands for; ids of the price list are exact. */
export function exactModels<Model extends NamedModel>(
  models: readonly Model[],
  priceList: readonly Pick<NamedModel, 'id'>[],
): ReadonlyMap<string, ExactModel<Model>> {
  const priced = new Set(priceList.map(({ id }) => id));
  const rank: Rank = (name) => (priced.has(name) ? 0 : DATED.test(name) ? 1 : NO_EXACT_ID);
  const byName = [...modelsByName(models, rank)];
  return new Map(byName.map(([name, model]) => [name, { id: exactId(model, rank), model }]));
}

/** Mistral lists an alias on the model it stands for, or as a model of its own, or both. */
function modelsByName<Model extends NamedModel>(
  models: readonly Model[],
  rank: Rank,
): ReadonlyMap<string, Model> {
  const own = new Map(models.map((model) => [model.id, model]));
  // A dated release stands for itself, unless it and another say that they are the same.
  const standsForItself = (name: string, claimant: Model) =>
    rank(name) < NO_EXACT_ID && own.has(name) && !own.get(name)?.aliases.includes(claimant.id);

  const byName = new Map<string, Model>();
  for (const model of [...models].sort((one, other) => inOrder(rank, one.id, other.id))) {
    const isAliasAtMost = model.aliases.length === 0 && rank(model.id) === NO_EXACT_ID;
    if (!isAliasAtMost && !byName.has(model.id)) byName.set(model.id, model);
    for (const alias of model.aliases) {
      if (!byName.has(alias) && !standsForItself(alias, model)) byName.set(alias, model);
    }
  }
  for (const [id, model] of own) if (!byName.has(id)) byName.set(id, model);
  return byName;
}

function exactId({ id, aliases }: NamedModel, rank: Rank): string {
  const [best = id] = [...aliases].sort((one, other) => inOrder(rank, one, other));
  return rank(best) < rank(id) ? best : id;
}

function inOrder(rank: Rank, one: string, other: string): number {
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}
