import { exactModels } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import { PRICE_LIST } from '../prices/price-list.js';
import { type Finding, findingId, severityOf } from './finding.js';
import { shown } from './shown.js';

/** What each model name of the policy stood for when it was last asked. */
export type Resolutions = Readonly<Record<string, string>>;

export interface ModelVerdict {
  readonly findings: readonly Finding[];
  readonly resolutions: Resolutions;
}

export function judgeModels(
  policy: Policy,
  models: readonly MistralModel[],
  before: Resolutions,
  now: Date,
): ModelVerdict {
  const findings: Finding[] = [];
  const resolutions: Record<string, string> = {};
  const exact = exactModels(models, PRICE_LIST);
  for (const [name, users] of usersByModel(policy)) {
    const resolved = exact.get(name);
    const report = (kind: string, evidence: Record<string, string>) =>
      findings.push(drift(kind, name, users, evidence, now));
    const earlier = before[name];
    if (!resolved) {
      if (earlier !== undefined) resolutions[name] = earlier;
      report('gone', { reason: 'Mistral does not list the model any more' });
      continue;
    }
    resolutions[name] = resolved.id;
    const { deprecatedAt, replacement } = resolved.model;
    if (deprecatedAt) {
      report('deprecated', {
        reason: 'Mistral has announced the end of the model',
        deprecated: utcDay(deprecatedAt),
        replacement: replacement === undefined ? 'none named' : shown(replacement),
      });
    }
    if (earlier !== undefined && earlier !== resolved.id) {
      report('moved', {
        reason: 'the alias stands for another model, so answers and prices may change',
        was: shown(earlier),
        is: shown(resolved.id),
      });
    }
  }
  return { findings, resolutions };
}

interface ModelUsers {
  readonly workspaces: string[];
  readonly roles: string[];
}

function usersByModel({ workspaces, roles }: Policy): Map<string, ModelUsers> {
  const users = new Map<string, ModelUsers>();
  const usersOf = (model: string): ModelUsers => {
    const known = users.get(model) ?? { workspaces: [], roles: [] };
    users.set(model, known);
    return known;
  };
  for (const { name, models } of workspaces) {
    for (const model of models === '*' ? [] : models) usersOf(model).workspaces.push(name);
  }
  for (const [name, { models }] of Object.entries(roles)) {
    for (const model of models === '*' ? [] : models) usersOf(model).roles.push(name);
  }
  return users;
}

function drift(
  kind: string,
  name: string,
  { workspaces, roles }: ModelUsers,
  evidence: Record<string, string>,
  now: Date,
): Finding {
  const [workspace] = workspaces;
  const usedBy = [
    ...workspaces.map((user) => `workspace ${user}`),
    ...roles.map((user) => `role ${user}`),
  ];
  return {
    id: findingId('model-drift', kind, name),
    type: 'model-drift',
    severity: severityOf('model-drift', true),
    subject: name,
    workspace: workspaces.length === 1 && workspace ? workspace : ORGANIZATION,
    evidence: { ...evidence, usedBy: usedBy.join(', ') },
    since: utcDay(now),
    nextCommand: `npx cdk deploy --all # once governance.yaml names the model to use instead of ${name}`,
  };
}
