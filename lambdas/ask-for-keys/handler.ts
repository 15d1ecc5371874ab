import type { AlertTopic } from '../adapters/alert-topic.js';
import type { FindingStore } from '../adapters/finding-store.js';
import type { Log } from '../adapters/log.js';
import type { SecretRegister } from '../adapters/secret-register.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import { keyNeeded } from '../domain/alerts/key-needed.js';
import { removedKey } from '../domain/alerts/removed-key.js';
import { judgeNeed } from '../domain/audit/key-need.js';
import type { Finding } from '../domain/finding.js';
import { type PlannedKey, plannedKeys } from '../domain/planned-keys.js';
import type { Policy } from '../domain/policy.js';
import { utcDay } from '../domain/utc-day.js';

export interface AskForKeysDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly findingStore: Pick<FindingStore, 'open' | 'apply'>;
  readonly register: SecretRegister;
  readonly alerts: AlertTopic;
  readonly log: Log;
  readonly now: () => Date;
}

export interface AskedFor {
  /** Names of the secrets that a key was asked for. */
  readonly asked: readonly string[];
  /** Names of those that left the policy, whose keys were asked to be deleted. */
  readonly removed: readonly string[];
}

/**
 * Runs with each deploy that changed the policy or the code, where a person makes the keys: asks for
 * every secret's first one, and for the deletion of what left the policy. Of keys that were asked for
 * already, the nightly audit reminds.
 */
export function createAskForKeysHandler(deps: AskForKeysDeps) {
  return async (): Promise<AskedFor> => {
    const { policy, findingStore, alerts, register, log, now } = deps;
    const at = now();
    const removed = await askToDelete(deps, at);
    const known = new Set((await findingStore.open()).map(({ finding }) => finding.id));
    const asked: string[] = [];
    for (const planned of plannedKeys(policy)) {
      const { secretName, workspace } = planned;
      await register.put({ secretName, workspace: workspace.name, plannedAt: at.toISOString() });
      const finding = await firstKeyNeed(deps, planned, at);
      if (!finding || known.has(finding.id)) continue;
      // Told first: a crash in between asks twice, the other way round nobody were asked.
      await alerts.publish(keyNeeded(finding, at));
      const opened = { finding, openedOn: utcDay(at), lastToldOn: utcDay(at) };
      await findingStore.apply({ open: [opened], remind: [], resolve: [] });
      asked.push(secretName);
    }
    log.info('keys asked for', { asked, removed });
    return { asked, removed };
  };
}

/** Forgotten once it is told, so that it is told once. */
async function askToDelete(
  { policy, register, alerts }: AskForKeysDeps,
  at: Date,
): Promise<readonly string[]> {
  const planned = new Set(plannedKeys(policy).map(({ secretName }) => secretName));
  const removed = (await register.all()).filter(({ secretName }) => !planned.has(secretName));
  for (const secret of removed) {
    await alerts.publish(removedKey(secret, at));
    await register.forget(secret.secretName);
  }
  return removed.map(({ secretName }) => secretName);
}

async function firstKeyNeed(
  { secrets, policy }: AskForKeysDeps,
  planned: PlannedKey,
  now: Date,
): Promise<Finding | undefined> {
  const state = await secrets.describe(planned.secretName);
  const facts = { planned, state, pendingSince: undefined, inChargeSince: undefined };
  return judgeNeed(facts, policy, now)[0];
}
