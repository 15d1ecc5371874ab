import { createModelDirectory, type ModelDirectory } from '../access/model-directory.js';
import type { Policy } from '../policy/policy.js';
import { createPriceBook } from '../prices/price-book.js';
import type { NamedModel } from '../prices/price-list.js';
import { type AccessChange, accessChanges, describeAccess } from './access-changes.js';
import type { Change, Effect } from './change.js';
import { deploySteps } from './deploy-steps.js';
import { describeKeys, type KeyChange, keyChanges } from './key-changes.js';
import {
  describeLimits,
  type LimitChange,
  limitChanges,
  type MonthlyTotal,
  monthlyTotal,
  pairWorkspaces,
} from './limit-changes.js';
import type { Phrase } from './phrase.js';
import { describeSettings, type SettingChange, settingChanges } from './setting-changes.js';

/** What a new policy changes: exactly, and in words. */
export interface PolicyChanges {
  readonly access: readonly AccessChange[];
  readonly limits: readonly LimitChange[];
  readonly keys: readonly KeyChange[];
  readonly settings: readonly SettingChange[];
  /** All of these for people, section by section. */
  readonly changes: readonly Change[];
  readonly monthly: { readonly before: MonthlyTotal; readonly after: MonthlyTotal };
  /** Empty where nothing changes. */
  readonly deploy: readonly Phrase[];
  /** Of the strongest change. */
  readonly effect: Effect;
}

export function comparePolicies(before: Policy, after: Policy, nowMs: number): PolicyChanges {
  const pairs = pairWorkspaces(before, after);
  const access = accessChanges(before, after, modelsOf([before, after], nowMs));
  const limits = limitChanges(before, after, pairs);
  const keys = keyChanges(before, after, pairs);
  const settings = settingChanges(before, after, pairs);
  const changes = [
    ...describeAccess(access),
    ...describeLimits(before, after, pairs, limits),
    ...describeKeys(keys),
    ...describeSettings(settings, access),
  ];
  const effects = changes.map(({ effect }) => effect);
  return {
    ...{ access, limits, keys, settings, changes },
    monthly: { before: monthlyTotal(before), after: monthlyTotal(after) },
    deploy: changes.length > 0 ? deploySteps(before, after, keys) : [],
    effect: effects.includes('widens')
      ? 'widens'
      : effects.includes('narrows')
        ? 'narrows'
        : 'neither',
  };
}

/** The models that list and policies know; a name that only a policy has is a model of its own. */
function modelsOf(policies: readonly Policy[], nowMs: number): ModelDirectory {
  const books = policies.map((policy) => createPriceBook(policy, () => nowMs));
  const models = new Map(
    books.flatMap((book) => book.models).map((model): [string, NamedModel] => [model.id, model]),
  );
  return createModelDirectory([...models.values()], { models: [...models.values()] });
}
