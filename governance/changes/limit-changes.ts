import { type Currency, countText, listText, moneyText } from '../platform/wording.js';
import type { Policy, Workspace } from '../policy/policy.js';
import { isMoney, type Quota, type QuotaWindow } from '../quotas/quota.js';
import { isBounded, lentBy, moneyQuotasOf, quotasOf } from '../quotas/workspace-quotas.js';
import { type Change, type Effect, effectOfLimit, effectOfLists, without } from './change.js';
import { namesList, type Phrase, phrase, words } from './phrase.js';

/** A workspace of the old policy, and what it is in the new one: either may be missing. */
export interface WorkspacePair {
  readonly before: Workspace | undefined;
  readonly after: Workspace | undefined;
}

/** Of requests, or of money in nano-units; `undefined` is no limit. */
export interface LimitChange {
  readonly workspace: string;
  readonly workspaceId: string;
  /** `lent` is what other workspaces may spend there. */
  readonly kind: 'own' | 'lent';
  readonly window: QuotaWindow;
  readonly before: LimitAmount | undefined;
  readonly after: LimitAmount | undefined;
}

type LimitAmount = Pick<Quota, 'unit' | 'limit'>;

/** By id, under which Mistral and the counters know them, and then by name. */
export function pairWorkspaces(before: Policy, after: Policy): WorkspacePair[] {
  const byId = new Map(before.workspaces.map((workspace) => [workspace.id, workspace]));
  const ids = new Set(after.workspaces.map(({ id }) => id));
  const byName = new Map(
    before.workspaces.filter(({ id }) => !ids.has(id)).map((one) => [one.name, one]),
  );
  const pairs = after.workspaces.map((workspace) => ({
    before: byId.get(workspace.id) ?? byName.get(workspace.name),
    after: workspace,
  }));
  const paired = new Set(pairs.map((pair) => pair.before));
  const gone = before.workspaces.filter((workspace) => !paired.has(workspace));
  return [...pairs, ...gone.map((workspace) => ({ before: workspace, after: undefined }))];
}

export function limitChanges(
  before: Policy,
  after: Policy,
  pairs: readonly WorkspacePair[],
): LimitChange[] {
  return pairs.flatMap((pair) => {
    const old = limitsOf(before, pair.before);
    const now = limitsOf(after, pair.after);
    const { name: workspace = '', id: workspaceId = '' } = pair.after ?? pair.before ?? {};
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
      const [one, other] = [old.get(key), now.get(key)];
      const { kind = 'own', window = 'day' } = other ?? one ?? {};
      if (one?.limit === other?.limit && one?.unit === other?.unit) return [];
      return [
        { workspace, workspaceId, kind, window, before: amountOf(one), after: amountOf(other) },
      ];
    });
  });
}

interface Limit extends Pick<Quota, 'unit' | 'window' | 'limit'> {
  readonly kind: 'own' | 'lent';
}

function amountOf(limit: Limit | undefined): LimitAmount | undefined {
  return limit && { unit: limit.unit, limit: limit.limit };
}

function limitsOf(policy: Policy, workspace: Workspace | undefined): ReadonlyMap<string, Limit> {
  if (workspace === undefined) return new Map();
  const lent = lentBy(policy, workspace);
  const limits = [
    ...quotasOf(policy, workspace).map((quota) => ({ ...quota, kind: 'own' as const })),
    ...(isBounded(lent) ? [{ ...lent, kind: 'lent' as const }] : []),
  ];
  return new Map(
    limits.map((limit) => [`${limit.kind} ${limit.window} ${isMoney(limit)}`, limit] as const),
  );
}

/** Of budgets, limits and loans, for people. */
export function describeLimits(
  before: Policy,
  after: Policy,
  pairs: readonly WorkspacePair[],
  limits: readonly LimitChange[],
): Change[] {
  const places = new Map(after.workspaces.map(({ name }, at) => [name, at]));
  const nameNow = new Map(
    pairs.flatMap((pair) => (pair.after ? [[pair.before?.name, pair.after.name] as const] : [])),
  );
  const lenders = new Set(after.workspaces.flatMap(({ overflowTo }) => overflowTo));
  const changes = pairs.flatMap((pair): Change[] => {
    const { name = '' } = pair.after ?? pair.before ?? {};
    const at = places.get(name);
    const path = pair.after && at !== undefined ? ['workspaces', at] : [];
    const change = (effect: Effect, what: Phrase, field?: string): Change => ({
      ...{ section: 'limits', effect, subject: phrase`${name}`, what },
      path: field === undefined ? path : [...path, field],
    });
    return wholeWorkspace(before, after, pair, change, nameNow);
  });
  const ofBoth = new Set(pairs.flatMap((pair) => (pair.before && pair.after?.name) ?? []));
  const changed = limits
    .filter(({ workspace }) => ofBoth.has(workspace))
    .map((limit): Change => {
      const { workspace, kind, before: was, after: is } = limit;
      const isOther = was !== undefined && is !== undefined && was.unit !== is.unit;
      const isIdle = kind === 'lent' && !lenders.has(workspace);
      const judged = isOther ? 'widens' : effectOfLimit(was?.limit, is?.limit);
      const isRequests = (is ?? was)?.unit === 'requests';
      const field = kind === 'lent' ? 'lends' : isRequests ? 'requestsPerMinute' : 'budgets';
      return {
        section: 'limits',
        effect: isIdle ? 'neither' : judged,
        subject: phrase`${workspace}`,
        what: words(limitText(limit)),
        path: ['workspaces', places.get(workspace) ?? 0, field],
      };
    });
  return [...changes, ...changed];
}

type Describe = (effect: Effect, what: Phrase, field?: string) => Change;

function wholeWorkspace(
  before: Policy,
  after: Policy,
  { before: old, after: now }: WorkspacePair,
  change: Describe,
  nameNow: ReadonlyMap<string | undefined, string>,
): Change[] {
  if (old === undefined && now === undefined) return [];
  if (now === undefined) {
    return [change('narrows', phrase`leaves the policy, had ${words(limitsText(before, old))}`)];
  }
  if (old === undefined) {
    return [change('widens', phrase`new, with ${words(limitsText(after, now))}`)];
  }
  const changes: Change[] = [];
  if (old.id !== now.id) {
    const what = phrase`is workspace ${now.id} instead of ${old.id}: its budgets begin unspent`;
    changes.push(change('widens', what, 'id'));
  }
  if (old.name !== now.name) {
    changes.push(change('neither', phrase`was called ${old.name}, and keeps its budgets`, 'name'));
  }
  const earlier = old.overflowTo.map((name) => nameNow.get(name) ?? name);
  const [added, removed] = [without(now.overflowTo, earlier), without(earlier, now.overflowTo)];
  const parts = [
    ...(added.length > 0 ? [phrase`may also spend the budgets of ${namesList(added)}`] : []),
    ...(removed.length > 0 ? [phrase`no longer those of ${namesList(removed)}`] : []),
  ];
  const [first, second] = parts;
  if (first) {
    const what = second ? phrase`${first}, ${second}` : first;
    changes.push(change(effectOfLists(removed, added), what, 'overflowTo'));
  } else if (JSON.stringify(earlier) !== JSON.stringify(now.overflowTo)) {
    const what = phrase`overflows in another order: ${namesList(now.overflowTo)}`;
    changes.push(change('neither', what, 'overflowTo'));
  }
  return changes;
}

function limitsText(policy: Policy, workspace: Workspace | undefined): string {
  const quotas = workspace ? quotasOf(policy, workspace) : [];
  const hasBudget = quotas.some(isMoney);
  const texts = quotas.map((quota) => `${amountText(quota)} a ${quota.window}`);
  return listText(hasBudget ? texts : [...texts, 'no budget']);
}

/** `up to 800.00 USD a month instead of 500.00 USD (+300.00 USD)`. */
function limitText({ kind, window, before, after }: LimitChange): string {
  const verb = kind === 'lent' ? 'lends' : 'spends';
  const was = before && amountText(before);
  if (after === undefined) return `${verb} without a limit a ${window}, was up to ${was}`;
  const now = `${after.unit === 'requests' ? '' : `${verb} up to `}${amountText(after)} a ${window}`;
  if (before === undefined) return `${now}, was without a limit`;
  const isComparable = after.unit === before.unit && after.unit !== 'requests';
  return `${now} instead of ${was}${isComparable ? ` (${differenceText(before, after)})` : ''}`;
}

function differenceText({ unit, limit: before }: LimitAmount, { limit: after }: LimitAmount) {
  return `${after > before ? '+' : '-'}${amountText({ unit, limit: Math.abs(after - before) })}`;
}

function amountText({ unit, limit }: LimitAmount): string {
  if (unit === 'requests') return countText(limit, 'request');
  return moneyText(limit, unit === 'usd' ? 'USD' : 'EUR');
}

/** What all workspaces may spend in a month together, in nano-units. */
export interface MonthlyTotal {
  readonly currency: Currency;
  readonly nanos: number;
  /** How many workspaces have no budget of a month. */
  readonly unlimited: number;
}

export function monthlyTotal(policy: Policy): MonthlyTotal {
  const limits = policy.workspaces.map(
    (workspace) => moneyQuotasOf(policy, workspace).find(({ window }) => window === 'month')?.limit,
  );
  return {
    currency: policy.mistral.currency,
    nanos: limits.reduce((sum: number, limit = 0) => sum + limit, 0),
    unlimited: limits.filter((limit) => limit === undefined).length,
  };
}
