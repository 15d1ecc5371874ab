import { callerPattern, matches, overlap, specificity } from '../policy/caller-patterns.js';
import { createPatternIndex, type PatternIndex } from '../policy/pattern-index.js';
import type { Caller } from '../policy/policy.js';

/** An entry of `callers`, and its place in that list. */
export interface CallerRule {
  readonly at: number;
  readonly caller: Caller;
  readonly pattern: string;
}

/** Callers that one rule of the old policy decides about, and one of the new: either may be none. */
export interface CallerGroup {
  readonly before: CallerRule | undefined;
  readonly after: CallerRule | undefined;
  /** As the policies write them: a caller of the group matches all of these, */
  readonly principals: readonly string[];
  /** and none of these. */
  readonly except: readonly string[];
}

/**
 * Every caller that either policy knows is in exactly one group, but for those about whom the same pattern
 * decides before and after, and `isSame` says that nothing changes for them.
 */
export function* callerGroups(
  before: readonly Caller[],
  after: readonly Caller[],
  isSame: (before: Caller, after: Caller) => boolean,
): Generator<CallerGroup> {
  const [old, now] = [createRules(before), createRules(after)];
  const pair = (one: CallerRule | undefined, other: CallerRule | undefined) => {
    if (one && other && isSame(one.caller, other.caller)) return [];
    return groupOf(one, other, old, now);
  };
  for (const rule of now.all) {
    const counterpart = old.of(rule.pattern);
    if (counterpart !== undefined) {
      yield* pair(counterpart, rule);
      continue;
    }
    yield* pair(undefined, rule);
    for (const one of old.overlapping(rule.pattern)) yield* pair(one, rule);
  }
  for (const rule of old.all) {
    if (now.of(rule.pattern) !== undefined) continue;
    yield* pair(rule, undefined);
    for (const other of now.overlapping(rule.pattern)) {
      // Pairs with a new pattern were made above.
      if (old.of(other.pattern) !== undefined) yield* pair(rule, other);
    }
  }
}

/** Empty where a more specific pattern takes all callers of the pair. */
function groupOf(
  before: CallerRule | undefined,
  after: CallerRule | undefined,
  old: Rules,
  now: Rules,
): CallerGroup[] {
  const both = [before, after].filter((rule) => rule !== undefined);
  const inner = both.filter(
    (rule, at) => !both.some((other, i) => i !== at && addsNothing(rule, other, at < i)),
  );
  const taken = [...stronger(old, before, inner), ...stronger(now, after, inner)];
  if (taken.some((rule) => inner.some((one) => matches(rule.pattern, one.pattern)))) return [];
  const principals = new Map(
    // As the new policy writes it, where both have it.
    taken.map(({ pattern, caller }) => [pattern, caller.principal]),
  );
  return [
    {
      before,
      after,
      principals: inner.map(({ caller }) => caller.principal),
      except: [...principals.values()],
    },
  ];
}

/** Whether each caller of the other rule is one of this rule; of two rules with the same callers the later one stays. */
function addsNothing(rule: CallerRule, other: CallerRule, isEarlier: boolean): boolean {
  return (
    matches(rule.pattern, other.pattern) && (isEarlier || !matches(other.pattern, rule.pattern))
  );
}

/** The rules of a policy that decide before its rule of a pair, about some of the callers of all these. */
function stronger(
  rules: Rules,
  own: CallerRule | undefined,
  inner: readonly CallerRule[],
): CallerRule[] {
  const [first, ...others] = inner;
  if (first === undefined) return [];
  const least = own === undefined ? -1 : specificity(own.pattern);
  return rules
    .overlapping(first.pattern)
    .filter(({ pattern }) => specificity(pattern) > least)
    .filter(({ pattern }) => others.every((other) => overlap(pattern, other.pattern)));
}

interface Rules extends PatternIndex<CallerRule> {
  readonly all: readonly CallerRule[];
  of(pattern: string): CallerRule | undefined;
}

function createRules(callers: readonly Caller[]): Rules {
  const all = callers.map((caller, at) => ({
    at,
    caller,
    pattern: callerPattern(caller.principal),
  }));
  const byPattern = new Map(all.map((rule) => [rule.pattern, rule]));
  return { all, of: (pattern) => byPattern.get(pattern), ...createPatternIndex(all) };
}
