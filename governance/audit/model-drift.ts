import { exactModels } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import { groupBy } from '../platform/group-by.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { toSafeLine } from '../platform/quoting.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import { pricedModels } from '../prices/dated-prices.js';
import type { Finding } from './finding.js';
import type { AuditMemory } from './finding-store.aws.js';
import { driftFinding } from './policy-drift.js';

/** Compares what each model name of the policy stands for with what it stood for at the last check. */
export function judgeModels(
  policy: Policy,
  models: readonly MistralModel[],
  before: AuditMemory['resolutions'],
  now: Date,
): Pick<AuditMemory, 'resolutions'> & { readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const resolutions: Record<string, string> = {};
  const exact = exactModels(models, pricedModels(policy.prices));
  for (const [name, users] of usersByModel(policy)) {
    const resolved = exact.get(name);
    const report = (kind: string, summary: string, evidence: Record<string, string> = {}) =>
      findings.push(
        driftFinding('model-drift', kind, name, now, {
          workspace: soleWorkspaceOf(users),
          summary,
          evidence: { ...evidence, usedBy: users.map(userText).join(', ') },
          nextStep: `Decide which model to use, name it instead of ${name} in governance.yaml, then deploy`,
        }),
      );
    const earlier = before[name];
    if (!resolved) {
      if (earlier !== undefined) resolutions[name] = earlier;
      report('gone', 'Mistral no longer lists the model.');
      continue;
    }
    resolutions[name] = resolved.id;
    const { deprecatedAt, replacement } = resolved.model;
    if (deprecatedAt) {
      const deprecated = utcDay(deprecatedAt);
      const successor = replacement === undefined ? 'none named' : toSafeLine(replacement);
      const summary = `Mistral ends this model on ${deprecated} (replacement: ${successor}).`;
      report('deprecated', summary, { deprecated, replacement: successor });
    }
    if (earlier !== undefined && earlier !== resolved.id) {
      const evidence = { was: toSafeLine(earlier), is: toSafeLine(resolved.id) };
      const { was, is } = evidence;
      report('moved', `Stands for ${is} now, not ${was}: answers and prices may change.`, evidence);
    }
  }
  return { findings, resolutions };
}

interface ModelUser {
  readonly kind: 'workspace' | 'role';
  readonly name: string;
  readonly model: string;
}

function usersByModel({ workspaces, roles }: Policy): ReadonlyMap<string, readonly ModelUser[]> {
  const named = (kind: ModelUser['kind'], name: string, models: readonly string[] | '*') =>
    models === '*' ? [] : models.map((model) => ({ kind, name, model }));
  const users = [
    ...workspaces.flatMap(({ name, models }) => named('workspace', name, models)),
    ...Object.entries(roles).flatMap(([name, { models }]) => named('role', name, models)),
  ];
  return groupBy(users, ({ model }) => model);
}

function soleWorkspaceOf(users: readonly ModelUser[]): string {
  const [workspace, ...others] = users.filter(({ kind }) => kind === 'workspace');
  return workspace && others.length === 0 ? workspace.name : ORGANIZATION;
}

function userText({ kind, name }: ModelUser): string {
  return `${kind} ${name}`;
}
