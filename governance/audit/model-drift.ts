import type { MistralModel } from '../mistral/mistral.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import { type Finding, findingId, severityOf, toSafeLine } from './finding.js';
import { DEPLOY_COMMAND } from './policy-drift.js';

/** What each model name of the policy stood for at the last check. */
export type Resolutions = Readonly<Record<string, string>>;

export interface ModelVerdict {
  readonly findings: readonly Finding[];
  readonly resolutions: Resolutions;
}

/** A dated release, which never changes what it stands for. */
const PINNED = /-\d{4}$/;

export function judgeModels(
  policy: Policy,
  models: readonly MistralModel[],
  before: Resolutions,
  now: Date,
): ModelVerdict {
  const findings: Finding[] = [];
  const resolutions: Record<string, string> = {};
  for (const [name, users] of usersByModel(policy)) {
    const resolved = resolve(name, models);
    const report = (kind: string, summary: string, evidence: Record<string, string> = {}) =>
      findings.push(drift(kind, name, users, { summary, evidence }, now));
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
      const [was, is] = [toSafeLine(earlier), toSafeLine(resolved.id)];
      report('moved', `Stands for ${is} now, not ${was}: answers and prices may change.`, {
        was,
        is,
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

/** Mistral lists an alias either on the model it stands for, or as a model of its own, or both. */
function resolve(
  name: string,
  models: readonly MistralModel[],
): { id: string; model: MistralModel } | undefined {
  const own = models.find(({ id }) => id === name);
  if (own && PINNED.test(name)) return { id: name, model: own };
  const behind = models
    .filter(({ id, aliases }) => id !== name && aliases.includes(name))
    .sort(pinnedFirst);
  const model = behind[0] ?? own;
  if (!model) return undefined;
  const pinnedAlias = [...model.aliases].sort().find((alias) => PINNED.test(alias));
  return { id: PINNED.test(model.id) ? model.id : (pinnedAlias ?? model.id), model };
}

function pinnedFirst(one: MistralModel, other: MistralModel): number {
  const difference = Number(PINNED.test(other.id)) - Number(PINNED.test(one.id));
  return difference !== 0 ? difference : one.id < other.id ? -1 : 1;
}

function drift(
  kind: string,
  name: string,
  { workspaces, roles }: ModelUsers,
  { summary, evidence }: Pick<Finding, 'summary' | 'evidence'>,
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
    workspace: workspaces.length === 1 && workspace ? workspace : 'organization',
    summary,
    evidence: { ...evidence, usedBy: usedBy.join(', ') },
    since: utcDay(now),
    nextStep: `Decide which model to use, name it instead of ${name} in governance.yaml, then deploy`,
    nextCommand: DEPLOY_COMMAND,
  };
}
