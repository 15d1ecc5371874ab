import type { ListModels } from '../keys/model-catalog.js';
import type { MistralModel } from '../mistral/mistral.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import type { KeyInUse } from './audit.js';
import type { Finding } from './finding.js';
import type { AuditMemory } from './finding-store.aws.js';
import { judgeModels } from './model-drift.js';
import type { Problems } from './problems.js';

export type ModelCheck = 'checked' | 'not checked' | 'no key in use to ask with';

export interface CheckedModels {
  readonly findings: readonly Finding[];
  readonly memory: AuditMemory;
  /** Those that Mistral lists; none where it was not asked. */
  readonly listed: readonly MistralModel[];
  readonly outcome: ModelCheck;
}

/** Lists models with a key that is in use, and compares them with what the policy names. */
export async function checkModels(
  { policy, listModels }: { readonly policy: Policy; readonly listModels: ListModels },
  inUse: readonly KeyInUse[],
  memory: AuditMemory,
  problems: Problems,
  now: Date,
): Promise<CheckedModels> {
  const chosen = chooseProbe(inUse, memory.probes, now);
  const none = { findings: [], listed: [] };
  if (!chosen) return { ...none, memory, outcome: 'no key in use to ask with' };
  const { secretName } = chosen;
  const what = `models could not be listed with the key of ${secretName}`;
  const probe = await problems.attempt(what, () => listModels(secretName));
  const probed = { ...memory, probes: rememberProbe(memory.probes, chosen, now) };
  if (probe?.kind !== 'accepted') {
    if (probe) problems.note(what, `Mistral rejected it with ${probe.status}`);
    return { ...none, memory: probed, outcome: 'not checked' };
  }
  const { findings, resolutions } = judgeModels(policy, probe.models, memory.resolutions, now);
  const listed = probe.models;
  return { findings, memory: { ...probed, resolutions }, listed, outcome: 'checked' };
}

type Probes = AuditMemory['probes'];

/**
 * The key to list models with. Listing counts as use, so it must be one that its service used
 * since yesterday, and since the audit's own last use of it: otherwise an idle key never gets stale.
 */
export function chooseProbe(
  keys: readonly KeyInUse[],
  probes: Probes,
  now: Date,
): KeyInUse | undefined {
  const yesterday = addDays(utcDay(now), -1);
  const [latest] = keys
    .filter(
      ({ keyId, lastUsedOn }) => lastUsedOn >= yesterday && lastUsedOn > (probes[keyId] ?? ''),
    )
    .sort((one, other) => other.lastUsedOn.localeCompare(one.lastUsedOn));
  return latest;
}

/** Older ones are of no use: their keys count as idle by then. */
export function rememberProbe(probes: Probes, { keyId }: KeyInUse, now: Date): Probes {
  const today = utcDay(now);
  const recent = Object.entries(probes).filter(([, day]) => day >= addDays(today, -1));
  return { ...Object.fromEntries(recent), [keyId]: today };
}
