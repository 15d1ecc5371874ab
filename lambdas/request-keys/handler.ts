import type { AlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import type { FindingStore } from '../../governance/audit/finding-store.aws.js';
import { judgeNeed, keyNeeded } from '../../governance/audit/key-needed.js';
import { type RemovalDeps, retireRemoved } from '../../governance/keys/removed-keys.js';
import { createFailures } from '../../governance/platform/failures.js';
import { utcDay } from '../../governance/platform/utc-day.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';

export interface RequestKeysDeps extends RemovalDeps {
  readonly findingStore: Pick<FindingStore, 'open' | 'apply'>;
  readonly alerts: AlertPublisher;
}

export interface RequestedKeys {
  /** Names of the secrets that a key was requested for. */
  readonly requested: readonly string[];
  /** Secrets that left the policy, whose keys are now being retired. */
  readonly retiring: readonly string[];
}

/**
 * Runs with each deploy that changed the policy or the code, in operator mode: requests the first key
 * of every secret, and has the keys of secrets retired that left the policy. The nightly audit reminds
 * of keys that were requested before.
 */
export function createRequestKeysHandler(deps: RequestKeysDeps) {
  return async (): Promise<RequestedKeys> => {
    const failures = createFailures(deps.log);
    const retiring = await retireRemoved(deps, failures);
    const known = new Set((await deps.findingStore.open()).map(({ finding }) => finding.id));
    const requested: string[] = [];
    for (const planned of plannedKeys(deps.policy)) {
      await failures.attempt('key not requested', planned.secretName, async () => {
        if (await request(deps, planned, known)) requested.push(planned.secretName);
      });
    }
    deps.log.info('keys requested', { requested, retiring });
    failures.throwIfAny();
    return { requested, retiring };
  };
}

/** Published first: a crash in between requests the key twice, and never not at all. */
async function request(
  deps: RequestKeysDeps,
  planned: PlannedKey,
  known: ReadonlySet<string>,
): Promise<boolean> {
  const at = deps.now();
  const state = await deps.secrets.describe(planned.secretName);
  const facts = { planned, state, pendingSince: undefined, currentSince: undefined };
  const finding = judgeNeed(facts, deps.policy, at);
  if (!finding || known.has(finding.id)) return false;
  await deps.alerts.publish(keyNeeded(finding, at));
  const opened = { finding, openedOn: utcDay(at), lastNotifiedOn: utcDay(at) };
  await deps.findingStore.apply({ opened: [opened], notified: [], resolved: [] });
  return true;
}
