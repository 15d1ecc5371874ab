import { isObject } from '../platform/json.js';
import { quoted } from '../platform/wording.js';
import type { Policy } from '../policy/policy.js';
import { pathText } from '../policy/policy-problem.js';
import type { AccessChange } from './access-changes.js';
import { type Change, type Effect, effectOfLimit, effectOfLists, without } from './change.js';
import type { WorkspacePair } from './limit-changes.js';
import { namesList, type Phrase, phrase } from './phrase.js';

/** A field that is another one. The order of a list does not count. */
export interface SettingChange {
  /** With names where the policy has lists, so that it says the same of both policies. */
  readonly path: readonly PropertyKey[];
  /** Where the new policy has it. */
  readonly place: readonly PropertyKey[];
  readonly before: unknown;
  readonly after: unknown;
}

/** What callers, limits and keys say of themselves. */
const COMPARED_ELSEWHERE = {
  policy: ['$schema', 'workspaces', 'roles', 'callers'],
  workspace: ['id', 'name', 'requestsPerMinute', 'budgets', 'lends', 'overflowTo', 'keys'],
  key: ['name', 'rotateEveryDays', 'readers'],
  caller: ['principal', 'role', 'workspace', 'perSession'],
} as const;

/** All else that differs, so that nothing is left out: also fields that no other comparison knows. */
export function settingChanges(
  before: Policy,
  after: Policy,
  pairs: readonly WorkspacePair[],
): SettingChange[] {
  const callersBefore = new Map(before.callers.map((caller) => [caller.principal, caller]));
  const places = new Map(after.workspaces.map((workspace, at) => [workspace, at]));
  return [
    ...differences(
      omit(before, COMPARED_ELSEWHERE.policy),
      omit(after, COMPARED_ELSEWHERE.policy),
      [],
    ),
    ...differences(before.roles, after.roles, ['roles']),
    ...pairs.flatMap(({ before: old, after: now }) => {
      if (old === undefined || now === undefined) return [];
      const path = ['workspaces', now.name];
      const place = ['workspaces', places.get(now) ?? 0];
      const keysBefore = new Map(old.keys.map((key) => [key.name, key]));
      return [
        ...differences(
          omit(old, COMPARED_ELSEWHERE.workspace),
          omit(now, COMPARED_ELSEWHERE.workspace),
          path,
          place,
        ),
        ...now.keys.flatMap((key, at) => {
          const one = omit(keysBefore.get(key.name) ?? key, COMPARED_ELSEWHERE.key);
          const steps = [
            [...path, 'keys', key.name],
            [...place, 'keys', at],
          ] as const;
          return [...differences(one, omit(key, COMPARED_ELSEWHERE.key), ...steps)];
        }),
      ];
    }),
    ...after.callers.flatMap((caller, at) => {
      const one = omit(callersBefore.get(caller.principal) ?? caller, COMPARED_ELSEWHERE.caller);
      const steps = [
        ['callers', caller.principal],
        ['callers', at],
      ] as const;
      return [...differences(one, omit(caller, COMPARED_ELSEWHERE.caller), ...steps)];
    }),
  ];
}

/** Fields of roles and models of workspaces are told once more, of the callers whose access they change. */
export function describeSettings(
  changes: readonly SettingChange[],
  access: readonly AccessChange[],
): Change[] {
  const told = new Set(access.flatMap(({ before, after }) => [before?.role, after?.role]));
  return changes
    .filter(({ path: [section, name, field] }) => {
      return !(section === 'roles' && told.has(String(name)) && isOfAccess(field));
    })
    .map((change) => ({
      section: 'settings',
      effect: effectOf(change),
      subject: phrase`${pathText(change.path)}`,
      what: valuesPhrase(change),
      path: change.after === undefined ? [] : change.place,
    }));
}

const ACCESS_FIELDS: readonly unknown[] = [
  undefined,
  'models',
  'maxTokensPerRequest',
  'overMaxTokens',
  'dailyTokens',
];

function isOfAccess(field: PropertyKey | undefined): boolean {
  return ACCESS_FIELDS.includes(field);
}

function valuesPhrase({ before, after }: SettingChange): Phrase {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [removed, added] = [without(before, after).map(shown), without(after, before).map(shown)];
    const isLess = removed.length > 0 && phrase`without ${namesList(removed)}`;
    const isMore = added.length > 0 && phrase`adds ${namesList(added)}`;
    return isMore && isLess ? phrase`${isMore}, ${isLess}` : isMore || isLess || [];
  }
  if (after === undefined) return phrase`no longer ${shown(before)}`;
  if (before === undefined) return phrase`${shown(after)}, was not set`;
  return phrase`${shown(after)} instead of ${shown(before)}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : quoted(value);
}

type Judge = (before: unknown, after: unknown) => Effect;

const always = (): Effect => 'widens';
const ifOn: Judge = (_, after) => (after === true ? 'widens' : 'narrows');
const byLists: Judge = (before, after) => {
  const [old, now] = [before, after].map((list) => (Array.isArray(list) ? list : []));
  return effectOfLists(without(old ?? [], now ?? []), without(now ?? [], old ?? []));
};
/** Of a list that lets all in where it is empty. */
const byClosingLists: Judge = (before, after) => {
  const [isOpen, wasOpen] = [after, before].map((list) => Array.isArray(list) && list.length === 0);
  return isOpen ? 'widens' : wasOpen ? 'narrows' : byLists(before, after);
};
/** A lower price lets a budget reach further; what cannot be compared may. */
const byPrice: Judge = (before, after) =>
  typeof before === 'number' && typeof after === 'number' && after > before ? 'narrows' : 'widens';
const byLimit: Judge = (before, after) => {
  const known = [before, after].every((value) => value === undefined || typeof value === 'number');
  return known
    ? effectOfLimit(before as number | undefined, after as number | undefined)
    : 'widens';
};

/** Of what only callers of a role may do; what cannot be compared may be more. */
const byKind: Judge = (before, after) => {
  if (after === '*') return 'widens';
  if (before === '*') return 'narrows';
  return Array.isArray(before ?? after) ? byLists(before, after) : byLimit(before, after);
};

/** What lets more in, or lets money reach further; the first that fits decides. All else does neither. */
const JUDGES: readonly (readonly [RegExp, Judge])[] = [
  [/^mistral\.(apiUrl|adminUrl|adminKeySecret|currency)$/, always], // keys are sent there, or read from it
  [/^prices\./, byPrice],
  [/^gateway\.(enabled|passUnknownFields)$/, ifOn],
  [/^gateway\.organizationId$/, (_, after) => (after === undefined ? 'narrows' : 'widens')],
  [/^gateway\.readers$/, byLists],
  [/^administrators$/, byClosingLists],
  [/[bB]udgets\.\w+$/, byLimit],
  [/^agents$/, byLists],
  [/^roles\.[^.]+(\.(models|maxTokensPerRequest|overMaxTokens|dailyTokens))?$/, () => 'neither'], // no caller has it
  [/^roles\./, byKind],
];

function effectOf({ path, before, after }: SettingChange): Effect {
  const text = path.map(String).join('.');
  const [, judge] = JUDGES.find(([fields]) => fields.test(text)) ?? [];
  return judge?.(before, after) ?? 'neither';
}

function omit(given: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !fields.includes(name)));
}

function isIn(items: readonly unknown[], others: readonly unknown[]): boolean {
  return without(items, others).length === 0;
}

/** Field by field, where it is no list. */
function* differences(
  before: unknown,
  after: unknown,
  path: readonly PropertyKey[],
  place: readonly PropertyKey[] = path,
): Generator<SettingChange> {
  if (Array.isArray(before) && Array.isArray(after)) {
    if (!isIn(before, after) || !isIn(after, before)) yield { path, place, before, after };
  } else if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[name], after[name], [...path, name], [...place, name]);
    }
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    yield { path, place, before, after };
  }
}
