import type { AlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import type { EventBus } from '../../governance/alerts/event-bus.aws.js';
import { findingsOpened } from '../../governance/audit/audit-events.js';
import type { Finding } from '../../governance/audit/finding.js';
import type { FindingStore } from '../../governance/audit/finding-store.aws.js';
import { judgeNeed, keyRequests } from '../../governance/audit/key-needed.js';
import { type RemovalDeps, retireRemoved } from '../../governance/keys/removed-keys.js';
import { createFailures } from '../../governance/platform/failures.js';
import { utcDay } from '../../governance/platform/utc-day.js';
import { listText } from '../../governance/platform/wording.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';

export interface RequestKeysDeps extends RemovalDeps {
  readonly findingStore: Pick<FindingStore, 'open' | 'apply'>;
  readonly alerts: AlertPublisher;
  readonly events: EventBus;
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
    const at = deps.now();
    const needed: Finding[] = [];
    for (const planned of plannedKeys(deps.policy)) {
      await failures.attempt('key not requested', planned.secretName, async () => {
        const finding = await needOf(deps, planned, at);
        if (finding && !known.has(finding.id)) needed.push(finding);
      });
    }
    const requested: string[] = [];
    for (const request of keyRequests(needed, at)) {
      const names = request.findings.map(({ subject }) => subject);
      await failures.attempt('key not requested', listText(names, 1), async () => {
        await send(deps, request, at);
        requested.push(...names);
      });
    }
    deps.log.info('keys requested', { requested, retiring });
    failures.throwIfAny();
    return { requested, retiring };
  };
}

async function needOf(
  { secrets, policy }: RequestKeysDeps,
  planned: PlannedKey,
  at: Date,
): Promise<Finding | undefined> {
  const state = await secrets.describe(planned.secretName);
  return judgeNeed(
    { planned, state, pendingSince: undefined, currentSince: undefined },
    policy,
    at,
  );
}

/** Published first: a crash in between requests keys twice, and never not at all. */
async function send(
  { alerts, events, findingStore }: RequestKeysDeps,
  { alert, findings }: ReturnType<typeof keyRequests>[number],
  at: Date,
): Promise<void> {
  await alerts.publish(alert);
  const today = utcDay(at);
  const opened = findings.map((finding) => ({
    finding,
    openedOn: today,
    lastNotifiedOn: today,
  }));
  await events.send(findingsOpened(opened, at));
  await findingStore.apply({ opened, notified: [], resolved: [] });
}
