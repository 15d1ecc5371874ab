import { ORGANIZATION } from '../platform/metrics.js';
import { listText, meantText, quoted } from '../platform/wording.js';
import { PRICE_LIST } from '../prices/price-list.js';
import { listedId } from './agent-rules.js';
import { ALERT_SEVERITIES, ALERT_TYPES, OF_ORGANIZATION, SEVERITIES } from './alert-types.js';
import { gatewayWorkspaces } from './planned-keys.js';
import type { Policy, Workspace } from './policy.js';
import { DEFAULT_RUNBOOK } from './policy-alerts.js';
import type { Warnings } from './warning.js';

const PRICED = PRICE_LIST.filter(({ prices }) => prices.length > 0);
const PRICED_NAMES = PRICED.flatMap(({ id, aliases }) => [id, ...aliases]);

/** Of a misspelt model nothing works, and of a new one the price is guessed. */
export function* modelWarnings({ workspaces, roles, agents, limits, prices }: Policy): Warnings {
  const known = new Set([...PRICED_NAMES, ...Object.keys(prices.models)]);
  const lists = [
    ...workspaces.map(({ models }, index) => ({ models, path: ['workspaces', index, 'models'] })),
    ...Object.entries(roles).map(([name, { models }]) => ({
      models,
      path: ['roles', name, 'models'],
    })),
  ];
  const named = [
    ...lists.flatMap(({ models, path }) =>
      models === '*' ? [] : models.map((model, at) => ({ model, path: [...path, at] })),
    ),
    ...agents.map(({ model }, index) => ({ model, path: ['agents', index, 'model'] })),
    ...Object.keys(limits.models).map((model) => ({ model, path: ['limits', 'models', model] })),
  ];
  const charged =
    prices.unknownModel === 'refuse' ? 'are refused' : 'cost as much as the most expensive model';
  for (const { model, path } of named) {
    if (known.has(model)) continue;
    yield {
      id: 'unknown-model',
      subject: model,
      path,
      message: `${quoted(model)} has no price in the price book${meantText(model, [...known]) || ':'} requests for it ${charged}; correct the id, or give its price under prices.models`,
    };
  }
}

/** What is there and does nothing. */
export function* useWarnings(policy: Policy): Warnings {
  const { workspaces, callers, gateway, roles } = policy;
  if (!gateway.enabled && callers.length > 0) {
    const message =
      'they can call nothing, because there is no gateway: set gateway.enabled to true, or remove them';
    yield { id: 'never-matches', subject: 'callers', path: ['callers'], message };
  }
  const served = gatewayWorkspaces({ ...policy, gateway: { ...gateway, enabled: true } });
  for (const [index, workspace] of workspaces.entries()) {
    const { name, keys, overflowTo } = workspace;
    const path = ['workspaces', index];
    if (keys.length === 0 && !served.includes(workspace)) {
      const message = `${quoted(name)} is used by no key, no caller and no overflow: give it a key or a caller, or remove it`;
      yield { id: 'unused-workspace', subject: name, path, message };
    }
    for (const [at, target] of overflowTo.entries()) {
      if (overflowTo.indexOf(target) === at) continue;
      const message = `${quoted(target)} was tried before, as overflowTo[${overflowTo.indexOf(target)}]: remove one of them`;
      yield { id: 'never-matches', subject: target, path: [...path, 'overflowTo', at], message };
    }
  }
  for (const [index, { principal, role, workspace }] of callers.entries()) {
    const of = workspaces.find(({ name }) => name === workspace);
    const allowed = roles[role];
    if (of === undefined || allowed === undefined || haveCommon(of.models, allowed.models))
      continue;
    const message = `may use no model: none is in both roles.${role}.models and the models of ${workspace}; add one to either`;
    yield { id: 'never-matches', subject: principal, path: ['callers', index], message };
  }
}

/** By their ids, where a name is known. */
function haveCommon(one: Workspace['models'], other: Workspace['models']): boolean {
  if (one === '*' || other === '*') return true;
  const ids = new Set(one.map(listedId));
  return other.some((name) => ids.has(listedId(name)));
}

/** Alerts that reach no one, or lead nowhere. */
export function* alertWarnings({ alerts }: Policy): Warnings {
  const path = ['alerts', 'subscriptions'];
  const { subscriptions, runbookUrl } = alerts;
  const severities = subscriptions.map(({ filter }) => filter?.severity ?? SEVERITIES);
  if (subscriptions.length === 0) {
    const message = 'there are none, so that no alert reaches a person: add an e-mail address';
    yield { id: 'no-subscription', subject: 'alerts.subscriptions', path, message };
  } else if (!severities.some((some) => some.includes('critical'))) {
    const message = 'none of them takes critical alerts: add "critical" to a filter.severity';
    yield { id: 'no-subscription', subject: 'critical', path, message };
  } else if (subscriptions.every(({ filter }) => filter !== undefined)) {
    const message =
      'each of them has a filter, and no alarm of CloudWatch passes one: add one without';
    yield { id: 'no-subscription', subject: 'alarms', path, message };
  }
  for (const [index, { endpoint, filter }] of subscriptions.entries()) {
    const { type: types = ALERT_TYPES, severity = SEVERITIES, workspace } = filter ?? {};
    const ofWorkspace = workspace?.every((name) => name === ORGANIZATION) ? OF_ORGANIZATION : types;
    const possible = types.filter(
      (type) =>
        ofWorkspace.includes(type) && ALERT_SEVERITIES[type].some((one) => severity.includes(one)),
    );
    if (possible.length > 0) continue;
    const parts = listText(Object.keys(filter ?? {}));
    const message = `no alert passes it, since none has such ${parts} at once: leave one of the lists out`;
    yield { id: 'never-matches', subject: endpoint, path: [...path, index, 'filter'], message };
  }
  if (runbookUrl === DEFAULT_RUNBOOK) {
    yield {
      id: 'default-runbook',
      subject: 'alerts.runbookUrl',
      path: ['alerts', 'runbookUrl'],
      message:
        "alerts link to this product's public runbook: set it to where on-call finds yours, for example a copy of docs/runbook.md",
    };
  }
}
