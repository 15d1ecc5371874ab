import type { ModelDirectory } from '../access/model-directory.js';
import { namesList, type Phrase, phrase, words } from './phrase.js';

/** Exact ids; `all-but` has also the models that Mistral does not serve yet. */
export interface ModelSet {
  readonly kind: 'only' | 'all-but';
  readonly ids: readonly string[];
}

export const NO_MODELS: ModelSet = { kind: 'only', ids: [] };

type Models = '*' | readonly string[];

/** The models that each of these allows. A name that is not known stands for itself. */
export function allowedModels(role: Models, workspace: Models, models: ModelDirectory): ModelSet {
  const [one, other] = [setOf(role, models), setOf(workspace, models)];
  if (one.kind === 'all-but') return other;
  if (other.kind === 'all-but') return one;
  const allowed = new Set(other.ids);
  return { kind: 'only', ids: one.ids.filter((id) => allowed.has(id)) };
}

/** What is in the one set and not in the other. */
export function minus(one: ModelSet, other: ModelSet): ModelSet {
  if (one.kind === 'all-but') {
    return other.kind === 'all-but' ? NO_MODELS : { kind: 'all-but', ids: other.ids };
  }
  if (other.kind === 'all-but') return NO_MODELS;
  const known = new Set(other.ids);
  return { kind: 'only', ids: one.ids.filter((id) => !known.has(id)) };
}

export function hasModel({ kind, ids }: ModelSet, id: string): boolean {
  return ids.includes(id) === (kind === 'only');
}

export function isEmpty({ kind, ids }: ModelSet): boolean {
  return kind === 'only' && ids.length === 0;
}

export function modelsPhrase({ kind, ids }: ModelSet): Phrase {
  if (kind === 'only') return ids.length === 0 ? words('no model') : namesList(ids, 8);
  return ids.length === 0 ? words('all models') : phrase`all models but ${namesList(ids, 8)}`;
}

function setOf(models: Models, directory: ModelDirectory): ModelSet {
  if (models === '*') return { kind: 'all-but', ids: [] };
  const ids = new Set(models.map((name) => directory.resolve(name) ?? name));
  return { kind: 'only', ids: [...ids].sort() };
}
