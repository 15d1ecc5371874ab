import { quoted, unknownText } from '../platform/wording.js';
import { PRICE_LIST } from '../prices/price-list.js';
import type { Policy } from './policy.js';
import type { PolicyProblem } from './policy-problem.js';
import type { Warnings } from './warning.js';

export function* agentChecks({ agents, roles }: Policy): Generator<PolicyProblem> {
  const ids = agents.map(({ id }) => id);
  for (const [index, { id, pricePerToolCall, maxToolCalls }] of agents.entries()) {
    const first = ids.indexOf(id);
    if (first < index) {
      const message = `${quoted(id)} is already the id of agents[${first}]: each must be unique`;
      yield { path: ['agents', index, 'id'], message };
    }
    if (maxToolCalls !== undefined && pricePerToolCall === undefined) {
      const message = `${maxToolCalls} needs pricePerToolCall, without which no tools run at Mistral: give the price, or leave this out`;
      yield { path: ['agents', index, 'maxToolCalls'], message };
    }
  }
  for (const [role, { agents: used }] of Object.entries(roles)) {
    for (const [at, id] of used === '*' ? [] : used.entries()) {
      if (ids.includes(id)) continue;
      yield { path: ['roles', role, 'agents', at], message: unknownText('agent', id, ids) };
    }
  }
}

/** Agents that no request can use. */
export function* agentWarnings(policy: Policy): Warnings {
  const { agents, roles, mistral } = policy;
  if (agents.length > 0 && /\/\/api\.(eu|us)\./.test(mistral.apiUrl)) {
    const message = `Mistral has no agents at its regional address ${mistral.apiUrl}: remove them, or set mistral.apiUrl to https://api.mistral.ai`;
    yield { id: 'never-matches', subject: 'agents', path: ['agents'], message };
  }
  for (const [index, { id, model }] of agents.entries()) {
    const users = Object.entries(roles).filter(([, one]) => mayUse(one.agents, id));
    const path = ['agents', index];
    if (users.length === 0) {
      const message = `${quoted(id)} is used by no role: add it to roles.<role>.agents, or remove it`;
      yield { id: 'never-matches', subject: id, path, message };
    } else if (users.every(([role, one]) => one.agents === '*' && whyNot(policy, role, model))) {
      const [name = ''] = users[0] ?? [];
      const message = `no role can use ${quoted(id)}: its model ${quoted(model)} ${whyNot(policy, name, model)}`;
      yield { id: 'never-matches', subject: id, path: [...path, 'model'], message };
    }
  }
  for (const [role, { agents: used }] of Object.entries(roles)) {
    for (const [at, id] of used === '*' ? [] : used.entries()) {
      const agent = agents.find((one) => one.id === id);
      const why = agent && whyNot(policy, role, agent.model);
      if (why === undefined) continue;
      const message = `role ${quoted(role)} cannot use ${quoted(id)}: its model ${quoted(agent?.model)} ${why}`;
      yield { id: 'never-matches', subject: id, path: ['roles', role, 'agents', at], message };
    }
  }
}

function mayUse(used: '*' | readonly string[], id: string): boolean {
  return used === '*' || used.includes(id);
}

/** A request to an agent is one for its model. */
function whyNot({ roles, callers, workspaces }: Policy, role: string, model: string) {
  if (!allows(roles[role]?.models, model)) return `is not in roles.${role}.models: add it there`;
  const names = callers.filter((one) => one.role === role).map(({ workspace }) => workspace);
  const used = workspaces.filter(({ name }) => names.includes(name));
  if (used.length === 0 || used.some(({ models }) => allows(models, model))) return undefined;
  return `is not in the models of ${used.map(({ name }) => name).join(' or ')}: add it there`;
}

/** By their ids, where a name is known. */
function allows(models: '*' | readonly string[] = [], model: string): boolean {
  if (models === '*') return true;
  return models.some((name) => listedId(name) === listedId(model));
}

/** The exact id that the price list has for a name. */
export function listedId(name: string): string {
  return PRICE_LIST.find(({ aliases }) => aliases.includes(name))?.id ?? name;
}
