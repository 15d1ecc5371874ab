import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import type { Finding } from '../../governance/audit/finding.js';
import type { FindingStore } from '../../governance/audit/finding-store.aws.js';
import { judgeNeed, keyNeeded } from '../../governance/audit/key-needed.js';
import { createFailures } from '../../governance/keys/failures.js';
import {
  type RemovalDeps,
  registerPlanned,
  retireRemoved,
} from '../../governance/keys/removed-keys.js';
import { utcDay } from '../../governance/platform/utc-day.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';

export interface AskForKeysDeps extends RemovalDeps {
  readonly findingStore: Pick<FindingStore, 'open' | 'apply'>;
  readonly alerts: AlertTopic;
}

export interface AskedFor {
  /** Names of the secrets that a key was asked for. */
  readonly asked: readonly string[];
  /** Secrets that left the policy, whose keys are handed to the retirement flow. */
  readonly retiring: readonly string[];
}

/**
 * Runs with each deploy that changed the policy or the code, where a person makes the keys: asks for
 * every secret's first one, and has those retired that left the policy. Of keys that were asked for
 * already, the nightly audit reminds.
 */
export function createAskForKeysHandler(deps: AskForKeysDeps) {
  return async (): Promise<AskedFor> => {
    const failures = createFailures(deps.log);
    await registerPlanned(deps, failures);
    const retiring = await retireRemoved(deps, failures);
    const known = new Set((await deps.findingStore.open()).map(({ finding }) => finding.id));
    const asked: string[] = [];
    for (const planned of plannedKeys(deps.policy)) {
      await failures.attempt('key not asked for', planned.secretName, async () => {
        if (await ask(deps, planned, known)) asked.push(planned.secretName);
      });
    }
    deps.log.info('keys asked for', { asked, retiring });
    failures.throwIfAny();
    return { asked, retiring };
  };
}

/** Told first: a crash in between asks twice, the other way round nobody were asked. */
async function ask(
  deps: AskForKeysDeps,
  planned: PlannedKey,
  known: ReadonlySet<string>,
): Promise<boolean> {
  const at = deps.now();
  const finding = await firstKeyNeed(deps, planned, at);
  if (!finding || known.has(finding.id)) return false;
  await deps.alerts.publish(keyNeeded(finding, at));
  const opened = { finding, openedOn: utcDay(at), lastNotifiedOn: utcDay(at) };
  await deps.findingStore.apply({ opened: [opened], notified: [], resolved: [] });
  return true;
}

async function firstKeyNeed(
  { secrets, policy }: AskForKeysDeps,
  planned: PlannedKey,
  now: Date,
): Promise<Finding | undefined> {
  const state = await secrets.describe(planned.secretName);
  const facts = { planned, state, pendingSince: undefined, inChargeSince: undefined };
  return judgeNeed(facts, policy, now);
}
