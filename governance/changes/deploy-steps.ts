import { countText } from '../platform/wording.js';
import { plannedKeys } from '../policy/planned-keys.js';
import { plannedResources } from '../policy/planned-resources.js';
import type { Policy } from '../policy/policy.js';
import { without } from './change.js';
import type { KeyChange } from './key-changes.js';
import { namesList, type Phrase, phrase, words } from './phrase.js';

/** What a deploy of the new policy does to what the old one has deployed, in its order. */
export function deploySteps(
  before: Policy,
  after: Policy,
  keys: readonly KeyChange[],
): readonly Phrase[] {
  const of = (...kinds: KeyChange['kind'][]) => keys.filter(({ kind }) => kinds.includes(kind));
  const secrets = (changes: readonly KeyChange[]) =>
    namesList(
      changes.map(({ secret }) => secret),
      5,
    );
  const steps: Phrase[] = [];
  const stacks = [before, after].map(workspacesWithKeys);
  const [old = [], now = []] = stacks;
  const [added, removed] = [without(now, old), without(old, now)];
  if (added.length > 0) steps.push(phrase`creates the nested stacks of ${namesList(added, 5)}`);
  if (removed.length > 0) {
    steps.push(phrase`deletes the nested stacks of ${namesList(removed, 5)}; their secrets stay`);
  }
  const resources = resourcesText(before, after);
  if (resources !== '') steps.push(words(`changes the number of resources: ${resources}`));

  const created = of('new', 'renamed');
  if (created.length > 0) {
    const count = countText(created.length, 'key');
    const how =
      after.mistral.keySource === 'operator'
        ? `requests ${count}, which an operator supplies`
        : `starts ${countText(created.length, 'first rotation')}, each of which creates a key`;
    steps.push(phrase`${words(how)}: ${secrets(created)}`);
  }
  const retired = keys.filter(({ kind }) => kind === 'retired' || kind === 'renamed');
  if (retired.length > 0) {
    const names = namesList(
      retired.map(({ from, secret }) => from ?? secret),
      5,
    );
    const { quietDays, maxDrainDays, onDrainTimeout } = after.rotation;
    const when = `each after ${countText(quietDays, 'full UTC day')} without use`;
    const latest = `after ${countText(maxDrainDays, 'day')}`;
    const end =
      onDrainTimeout === 'revoke' ? `${latest} in any case` : `${latest} of use on-call is asked`;
    steps.push(
      phrase`retires ${words(countText(retired.length, 'key'))}, ${words(`${when}, and ${end}`)}: ${names}`,
    );
  }
  const renamed = of('renamed');
  if (renamed.length > 0) {
    steps.push(
      phrase`renames no secret: the readers of ${secrets(renamed)} have to read the new names before the keys in the old ones are revoked`,
    );
  }
  const rescheduled = of('changed').filter(
    ({ rotateEveryDays }) => rotateEveryDays.before !== rotateEveryDays.after,
  );
  if (rescheduled.length > 0) {
    const count = countText(rescheduled.length, 'rotation schedule');
    steps.push(
      phrase`changes ${words(count)}, and starts no rotation for it: ${secrets(rescheduled)}`,
    );
  }
  if (before.mistral.keySource !== after.mistral.keySource) {
    const what =
      after.mistral.keySource === 'operator'
        ? 'removes all rotation schedules: operators supply keys from now on'
        : 'adds a rotation schedule to each secret';
    steps.push(words(what));
  }
  const invited = without(after.alerts.subscriptions, before.alerts.subscriptions)
    .filter(({ protocol }) => protocol === 'email' || protocol === 'email-json')
    .map(({ endpoint }) => endpoint);
  if (invited.length > 0) {
    steps.push(
      phrase`sends mails in which ${namesList(invited)} have to confirm their subscriptions`,
    );
  }
  return [...steps, words('updates the functions, each of which carries the policy')];
}

function workspacesWithKeys(policy: Policy): readonly string[] {
  return [...new Set(plannedKeys(policy).map(({ workspace }) => workspace.name))];
}

/** `+2 Secret, -1 Stack`. */
function resourcesText(before: Policy, after: Policy): string {
  const [old, now] = [before, after].map(
    (policy): Readonly<Record<string, number>> => plannedResources(policy),
  );
  const types = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  return types
    .map((type) => ({ type, more: (now?.[type] ?? 0) - (old?.[type] ?? 0) }))
    .filter(({ more }) => more !== 0)
    .map(({ type, more }) => `${more > 0 ? '+' : ''}${more} ${type.split('::').at(-1)}`)
    .join(', ');
}
