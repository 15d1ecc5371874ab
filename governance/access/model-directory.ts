/** The models that Mistral serves, by any of their names. */
export interface ModelDirectory {
  /** The exact id behind an id or alias; `undefined` for a model that is not served. */
  resolve(name: string): string | undefined;
  /** How many tokens a prompt and its completion may have together, where known. */
  contextTokens(id: string): number | undefined;
  readonly ids: readonly string[];
}

/** A model as Mistral or the price book lists it. */
export interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly contextTokens: number | undefined;
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
  const listed = new Map(priceBook.models.map((model) => [model.id, model]));
  const rank: Rank = (name) => (listed.has(name) ? 0 : DATED.test(name) ? 1 : NO_EXACT_ID);

  const exactIds = new Map<string, string>();
  const contexts = new Map<string, number>();
  for (const [name, model] of modelsByName(models, rank)) {
    const id = exactId(model, rank);
    exactIds.set(name, id);
    const contextTokens = model.contextTokens ?? listed.get(id)?.contextTokens;
    if (contextTokens !== undefined) contexts.set(id, contextTokens);
  }
  return {
    resolve: (name) => exactIds.get(name),
    contextTokens: (id) => contexts.get(id),
    ids: [...new Set(exactIds.values())].sort(),
  };
}

/** Mistral lists an alias on the model it stands for, or as a model of its own, or both. */
function modelsByName(models: readonly NamedModel[], rank: Rank): ReadonlyMap<string, NamedModel> {
  const own = new Map(models.map((model) => [model.id, model]));
  // A dated release stands for itself, unless it and another say that they are the same.
  const standsForItself = (name: string, claimant: NamedModel) =>
    rank(name) < NO_EXACT_ID && own.has(name) && !own.get(name)?.aliases.includes(claimant.id);

  const byName = new Map<string, NamedModel>();
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
