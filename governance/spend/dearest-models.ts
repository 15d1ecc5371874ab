import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import type { ModelSpend } from './alerts/spend-story.js';
import { billedSpend } from './billed-spend.js';

/** What a month's usage went to, the dearest first: the models as Mistral bills them. */
export function dearestModels({ prices, categories, ...usage }: MonthlyUsage): ModelSpend[] {
  const byModel = new Map<string, number>();
  for (const [category, fields] of Object.entries(categories)) {
    for (const [name, rows] of modelsIn(fields)) {
      const part = { ...usage, prices, categories: { [category]: { models: { [name]: rows } } } };
      const model = name.split('::').at(-1) ?? name;
      byModel.set(model, (byModel.get(model) ?? 0) + billedSpend(part).totalNanos);
    }
  }
  return [...byModel]
    .map(([model, nanos]) => ({ model, nanos }))
    .filter(({ nanos }) => nanos > 0)
    .sort((one, other) => other.nanos - one.nanos);
}

/** Every `models` of a category, however deep. */
function* modelsIn(fields: unknown): Generator<[string, unknown]> {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return;
  for (const [key, inner] of Object.entries(fields)) {
    if (key !== 'models') yield* modelsIn(inner);
    else if (typeof inner === 'object' && inner !== null) yield* Object.entries(inner);
  }
}
