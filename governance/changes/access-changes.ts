import type { ModelDirectory } from '../access/model-directory.js';
import { groupBy } from '../platform/group-by.js';
import { numberText } from '../platform/wording.js';
import type { Caller, Policy } from '../policy/policy.js';
import { type CallerGroup, callerGroups } from './caller-groups.js';
import { type Change, type Effect, effectOfLimit } from './change.js';
import {
  allowedModels,
  isEmpty,
  type ModelSet,
  minus,
  modelsPhrase,
  NO_MODELS,
} from './model-set.js';
import { namesList, type Phrase, phrase, phrasesList, plainText, words } from './phrase.js';

/** What a policy lets a caller do. */
export interface AccessTerms {
  readonly role: string;
  readonly workspace: string;
  readonly workspaceId: string;
  readonly models: ModelSet;
  readonly maxTokensPerRequest: number;
  readonly overMaxTokens: 'refuse' | 'cap';
  /** `undefined` where they are unlimited. */
  readonly dailyTokens: number | undefined;
  /** Whether each session has daily tokens of its own. */
  readonly perSession: boolean;
}

/** What changes for a group of callers. */
export interface AccessChange extends Pick<CallerGroup, 'principals' | 'except'> {
  /** `undefined` where the old policy refuses them. */
  readonly before: AccessTerms | undefined;
  /** `undefined` where the new policy refuses them. */
  readonly after: AccessTerms | undefined;
  readonly gained: ModelSet;
  readonly lost: ModelSet;
  readonly path: readonly PropertyKey[];
}

/** What each caller may do after a change of the policy that it might not before, and the reverse. */
export function accessChanges(
  before: Policy,
  after: Policy,
  models: ModelDirectory,
): AccessChange[] {
  const [termsBefore, termsAfter] = [termsIn(before, models), termsIn(after, models)];
  const isSame = (old: Caller, now: Caller) => sameTerms(termsBefore(old), termsAfter(now));
  return Array.from(callerGroups(before.callers, after.callers, isSame), (group) => {
    const old = group.before && termsBefore(group.before.caller);
    const now = group.after && termsAfter(group.after.caller);
    const [had, has] = [old?.models ?? NO_MODELS, now?.models ?? NO_MODELS];
    return {
      principals: group.principals,
      except: group.except,
      before: old,
      after: now,
      gained: minus(has, had),
      lost: minus(had, has),
      path: group.after ? ['callers', group.after.at] : [],
    };
  });
}

/** The same for people, where all callers with the same change are one. */
export function describeAccess(changes: readonly AccessChange[]): Change[] {
  const parts = changes.flatMap((change) =>
    partsOf(change).map((part) => ({ ...part, change, text: plainText(part.what) })),
  );
  return [...groupBy(parts, ({ text, effect }) => `${effect} ${text}`).values()].map((same) => {
    const [{ effect, what, change }] = same;
    const callers = same.map((part) => callersPhrase(part.change));
    return { section: 'access', effect, subject: phrasesList(callers), what, path: change.path };
  });
}

type Part = Pick<Change, 'effect' | 'what'>;

function partsOf({ before, after, gained, lost }: AccessChange): Part[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ effect: 'widens', what: phrase`new, ${termsPhrase(after)}` }];
  if (after === undefined) {
    return [{ effect: 'narrows', what: phrase`loses access, was ${whoPhrase(before)}` }];
  }
  const parts: Part[] = [];
  const add = (effect: Effect, what: Phrase) => parts.push({ effect, what });
  if (before.workspaceId !== after.workspaceId) {
    add('widens', phrase`spends the budgets of ${after.workspace}, not of ${before.workspace}`);
  } else if (before.workspace !== after.workspace) {
    add('neither', phrase`is in ${after.workspace}, the new name of ${before.workspace}`);
  }
  if (!isEmpty(gained)) add('widens', phrase`gains ${modelsPhrase(gained)}`);
  if (!isEmpty(lost)) add('narrows', phrase`loses ${modelsPhrase(lost)}`);
  const [old, now] = [before.maxTokensPerRequest, after.maxTokensPerRequest];
  if (old !== now) {
    const what = words(`tokens of a request: ${numberText(now)} instead of ${numberText(old)}`);
    add(effectOfLimit(old, now), what);
  }
  if (before.overMaxTokens !== after.overMaxTokens) {
    const isCapped = after.overMaxTokens === 'cap';
    const what = isCapped ? 'are lowered to the limit, not refused' : 'are refused, not lowered';
    add(isCapped ? 'widens' : 'narrows', words(`requests for too many tokens ${what}`));
  }
  if (before.dailyTokens !== after.dailyTokens) {
    const texts = [after, before].map(({ dailyTokens }) => limitText(dailyTokens));
    const what = words(`tokens a day: ${texts.join(' instead of ')}`);
    add(effectOfLimit(before.dailyTokens, after.dailyTokens), what);
  }
  if (
    countsBySession(before) !== countsBySession(after) &&
    before.dailyTokens &&
    after.dailyTokens
  ) {
    const what = after.perSession ? 'for each session' : 'for all sessions together';
    add(after.perSession ? 'widens' : 'narrows', words(`tokens a day count ${what}`));
  }
  if (before.role !== after.role) {
    add('neither', phrase`has role ${after.role} instead of ${before.role}`);
  }
  return parts;
}

function callersPhrase({ principals, except }: Pick<CallerGroup, 'principals' | 'except'>): Phrase {
  const [first = '', ...others] = principals;
  const also = others.map((other) => phrase` that also match ${other}`);
  const left = except.length === 0 ? [] : phrase` without ${namesList(except, 3)}`;
  return [...phrase`${first}`, ...also.flat(), ...left];
}

function termsPhrase(terms: AccessTerms | undefined): Phrase {
  if (terms === undefined) return words('refused');
  const { models, maxTokensPerRequest, dailyTokens, perSession } = terms;
  const tokens = `${numberText(maxTokensPerRequest)} tokens a request, ${limitText(dailyTokens)} a day`;
  const counted = perSession && dailyTokens !== undefined ? ' for each session' : '';
  return phrase`${whoPhrase(terms)}: ${modelsPhrase(models)}; ${words(tokens + counted)}`;
}

function whoPhrase({ role, workspace }: AccessTerms): Phrase {
  return phrase`${role} in ${workspace}`;
}

function limitText(limit: number | undefined): string {
  return limit === undefined ? 'unlimited' : numberText(limit);
}

function termsIn({ roles, workspaces }: Policy, models: ModelDirectory) {
  const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
  const known = new Map<string, AccessTerms | undefined>();

  function read({ role: name, workspace: of, perSession }: Caller): AccessTerms | undefined {
    const workspace = byName.get(of);
    const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
    if (role === undefined || workspace === undefined) return undefined;
    const { maxTokensPerRequest, overMaxTokens, dailyTokens } = role;
    return {
      role: name,
      workspace: of,
      workspaceId: workspace.id,
      models: allowedModels(role.models, workspace.models, models),
      maxTokensPerRequest,
      overMaxTokens,
      dailyTokens: dailyTokens === 'unlimited' ? undefined : dailyTokens,
      perSession,
    };
  }

  return (caller: Caller): AccessTerms | undefined => {
    const key = JSON.stringify([caller.role, caller.workspace, caller.perSession]);
    if (!known.has(key)) known.set(key, read(caller));
    return known.get(key);
  };
}

function sameTerms(one: AccessTerms | undefined, other: AccessTerms | undefined): boolean {
  const text = (terms: AccessTerms | undefined) =>
    JSON.stringify(terms && { ...terms, perSession: countsBySession(terms) });
  return one === other || text(one) === text(other);
}

/** Of what is unlimited, nothing is counted. */
function countsBySession({ perSession, dailyTokens }: AccessTerms): boolean {
  return perSession && dailyTokens !== undefined;
}
