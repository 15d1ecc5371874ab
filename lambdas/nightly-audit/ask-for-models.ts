import type { Finding } from '../../governance/audit/finding.js';
import type { AuditMemory } from '../../governance/audit/finding-store.aws.js';
import type { KeyInUse } from '../../governance/audit/managed-audit.js';
import { judgeModels } from '../../governance/audit/model-drift.js';
import { chooseProbe, rememberProbe } from '../../governance/audit/model-probe.js';
import type { AuditSummary, NightlyAuditDeps } from './handler.js';
import type { Problems } from './problems.js';

interface ModelFacts {
  readonly findings: readonly Finding[];
  readonly memory: AuditMemory;
  readonly outcome: AuditSummary['models'];
}

/** Lists models with a key that is in use, so that what the policy names is compared with what is there. */
export async function askForModels(
  { policy, models }: Pick<NightlyAuditDeps, 'policy' | 'models'>,
  inUse: readonly KeyInUse[],
  memory: AuditMemory,
  problems: Problems,
  now: Date,
): Promise<ModelFacts> {
  const chosen = chooseProbe(inUse, memory.probes, now);
  if (!chosen) return { findings: [], memory, outcome: 'no key in use to ask with' };
  const { secretName } = chosen;
  const what = `models could not be listed with the key of ${secretName}`;
  const probe = await problems.attempt(what, () => models.list(secretName));
  const probed = { ...memory, probes: rememberProbe(memory.probes, chosen, now) };
  if (probe?.kind !== 'accepted') {
    if (probe) problems.note(what, `Mistral refused it with ${probe.status}`);
    return { findings: [], memory: probed, outcome: 'not checked' };
  }
  const { findings, resolutions } = judgeModels(policy, probe.models, memory.resolutions, now);
  return { findings, memory: { ...probed, resolutions }, outcome: 'checked' };
}
