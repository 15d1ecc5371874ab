import { countText } from '../platform/wording.js';
import { GATEWAY_KEY_NAME, type PlannedKey, plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { type Change, type Effect, effectOfLists, without } from './change.js';
import type { WorkspacePair } from './limit-changes.js';
import { namesList, type Phrase, phrase, words } from './phrase.js';

/** What changes for one secret. */
export interface KeyChange {
  readonly kind: 'new' | 'retired' | 'renamed' | 'changed';
  /** Its name in the new policy, or the one that it had. */
  readonly secret: string;
  /** Of a renamed one: the secret that is retired. */
  readonly from: string | undefined;
  readonly workspace: string;
  /** In days; `undefined` where it is not in that policy. */
  readonly rotateEveryDays: { readonly before?: number; readonly after?: number };
  readonly readersAdded: readonly string[];
  readonly readersRemoved: readonly string[];
  readonly path: readonly PropertyKey[];
}

export function keyChanges(
  before: Policy,
  after: Policy,
  pairs: readonly WorkspacePair[],
): KeyChange[] {
  const old = new Map(plannedKeys(before).map((planned) => [planned.secretName, planned]));
  const now = new Map(plannedKeys(after).map((planned) => [planned.secretName, planned]));
  const added = [...now.values()].filter(({ secretName }) => !old.has(secretName));
  const gone = [...old.values()].filter(({ secretName }) => !now.has(secretName));
  const pathOf = createPaths(after);
  const earlier = renames(gone, added, pairs);
  const renamed = new Set(earlier.values());

  function change(kind: KeyChange['kind'], one?: PlannedKey, other?: PlannedKey): KeyChange {
    const [had, has] = [one?.key.readers ?? [], other?.key.readers ?? []];
    return {
      kind,
      secret: (other ?? one)?.secretName ?? '',
      from: kind === 'renamed' ? one?.secretName : undefined,
      workspace: (other ?? one)?.workspace.name ?? '',
      rotateEveryDays: { before: one?.key.rotateEveryDays, after: other?.key.rotateEveryDays },
      readersAdded: without(has, had),
      readersRemoved: without(had, has),
      path: other ? pathOf(other) : [],
    };
  }

  return [
    ...added.map((planned) => {
      const from = earlier.get(planned);
      return change(from ? 'renamed' : 'new', from, planned);
    }),
    ...gone.filter((planned) => !renamed.has(planned)).map((planned) => change('retired', planned)),
    ...[...now.values()].flatMap((planned) => {
      const one = old.get(planned.secretName);
      if (one === undefined || !differs(one, planned)) return [];
      return [change('changed', one, planned)];
    }),
  ];
}

function differs({ key: one }: PlannedKey, { key: other }: PlannedKey): boolean {
  const readers = [...without(one.readers, other.readers), ...without(other.readers, one.readers)];
  return one.rotateEveryDays !== other.rotateEveryDays || readers.length > 0;
}

/**
 * New keys that take the place of one that is gone: of the same name in a workspace with a new name, or
 * alone in having its readers or its description.
 */
function renames(
  gone: readonly PlannedKey[],
  added: readonly PlannedKey[],
  pairs: readonly WorkspacePair[],
): ReadonlyMap<PlannedKey, PlannedKey> {
  const nameBefore = new Map(pairs.map((pair) => [pair.after?.name, pair.before?.name]));
  const found = new Map<PlannedKey, PlannedKey>();
  const marks: ((planned: PlannedKey, workspace: string) => string | undefined)[] = [
    ({ key }, workspace) => JSON.stringify([workspace, key.name]),
    ({ key }, workspace) =>
      key.readers.length > 0 ? JSON.stringify([workspace, [...key.readers].sort()]) : undefined,
    ({ key }, workspace) =>
      key.description === '' ? undefined : JSON.stringify([workspace, key.description]),
  ];
  for (const markOf of marks) {
    const taken = new Set(found.values());
    const old = byMark(gone, (one) =>
      taken.has(one) ? undefined : markOf(one, one.workspace.name),
    );
    const now = byMark(added, (one) =>
      found.has(one) ? undefined : markOf(one, nameBefore.get(one.workspace.name) ?? ''),
    );
    for (const [mark, [one, ...others]] of now) {
      const [from, ...more] = old.get(mark) ?? [];
      const isAlone = others.length === 0 && more.length === 0;
      if (one && from && isAlone && isOwn(one) === isOwn(from)) found.set(one, from);
    }
  }
  return found;
}

function byMark(
  keys: readonly PlannedKey[],
  markOf: (planned: PlannedKey) => string | undefined,
): ReadonlyMap<string, PlannedKey[]> {
  const marked = new Map<string, PlannedKey[]>();
  for (const planned of keys) {
    const mark = markOf(planned);
    if (mark !== undefined) marked.set(mark, [...(marked.get(mark) ?? []), planned]);
  }
  return marked;
}

/** Whether the policy names it; the gateway's own keys follow from other fields. */
function isOwn({ key, workspace }: PlannedKey): boolean {
  return workspace.keys.includes(key);
}

function createPaths({ workspaces }: Policy): (planned: PlannedKey) => readonly PropertyKey[] {
  const places = new Map(workspaces.map((workspace, at) => [workspace, at]));
  return ({ workspace, key }) => {
    const at = workspace.keys.indexOf(key);
    const path = ['workspaces', places.get(workspace) ?? 0];
    return at < 0 ? ['gateway'] : [...path, 'keys', at];
  };
}

/** The same for people. */
export function describeKeys(changes: readonly KeyChange[]): Change[] {
  return changes.flatMap((change) => {
    const isOfGateway =
      change.path[0] === 'gateway' || change.secret.endsWith(`/${GATEWAY_KEY_NAME}`);
    return partsOf(change).map(
      ([effect, what]): Change => ({
        section: 'keys',
        // What callers gain by the gateway is told of them.
        effect: isOfGateway ? 'neither' : effect,
        subject: phrase`${change.secret}`,
        what,
        path: change.path,
      }),
    );
  });
}

function partsOf({ kind, from = '', readersAdded, readersRemoved, ...change }: KeyChange) {
  const { before = 0, after = 0 } = change.rotateEveryDays;
  const parts: (readonly [Effect, Phrase])[] = [];
  if (kind === 'new') {
    const readers = readersAdded.length > 0 ? namesList(readersAdded) : words('no service');
    const days = words(`rotates every ${countText(after, 'day')}`);
    return [['widens', phrase`new, read by ${readers}, ${days}`] as const];
  }
  if (kind === 'retired') return [['narrows', words('leaves the policy')] as const];
  if (kind === 'renamed') {
    parts.push(['neither', phrase`takes the place of ${from}, with a key of its own`]);
  }
  if (before !== after) {
    const texts = [after, before].map((days) => countText(days, 'day'));
    parts.push(['neither', words(`rotates every ${texts.join(' instead of ')}`)]);
  }
  const effect = (added: readonly string[], removed: readonly string[]) =>
    effectOfLists(removed, added);
  if (readersAdded.length > 0) {
    parts.push([effect(readersAdded, []), phrase`may also be read by ${namesList(readersAdded)}`]);
  }
  if (readersRemoved.length > 0) {
    const what = phrase`may no longer be read by ${namesList(readersRemoved)}`;
    parts.push([effect([], readersRemoved), what]);
  }
  return parts;
}
