import { PRICE_LIST } from '../prices/price-list.js';
import { callerPattern, fixesPathAlone, overlap, specificity } from './caller-patterns.js';
import {
  expireAfterDays,
  GATEWAY_KEY_NAME,
  gatewayKey,
  gatewayWorkspaces,
  secretName,
} from './planned-keys.js';
import type { Policy } from './policy.js';
import { type PolicyProblem, quoted, unknown } from './policy-problem.js';
import { subscriptions } from './subscription-checks.js';

/** The rules that one field alone cannot break. */
export function crossCheck(policy: Policy): PolicyProblem[] {
  return [
    ...drainWithoutAdminApi(policy),
    ...duplicates(policy),
    ...references(policy),
    ...rotationTimes(policy),
    ...gatewayRotation(policy),
    ...thresholds(policy),
    ...subscriptions(policy),
    ...callerTies(policy),
    ...callerPaths(policy),
    ...secretNames(policy),
    ...budgetCurrencies(policy),
    ...pricedAliases(policy),
  ];
}

/** Nothing of ours can revoke a key that only a person can delete. */
function* drainWithoutAdminApi({ mistral, rotation }: Policy): Generator<PolicyProblem> {
  if (mistral.keySource !== 'operator' || rotation.onDrainTimeout === 'hold') return;
  yield {
    path: ['rotation', 'onDrainTimeout'],
    message: `${quoted(rotation.onDrainTimeout)} needs the Admin API: must be "hold" where mistral.keySource is "operator"`,
  };
}

function* duplicates({ workspaces }: Policy): Generator<PolicyProblem> {
  yield* repeated(workspaces, 'name', ['workspaces']);
  yield* repeated(workspaces, 'id', ['workspaces']);
  for (const [index, { keys }] of workspaces.entries()) {
    yield* repeated(keys, 'name', ['workspaces', index, 'keys']);
  }
}

function* repeated<Field extends string>(
  items: readonly Record<Field, string>[],
  field: Field,
  path: readonly PropertyKey[],
): Generator<PolicyProblem> {
  const firstSeen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    // Secret names and UUIDs that differ in case alone would only confuse whoever reads them.
    const value = item[field].toLowerCase();
    const first = firstSeen.get(value);
    if (first === undefined) firstSeen.set(value, index);
    else {
      yield {
        path: [...path, index, field],
        message: `${quoted(item[field])} is already the ${field} of ${path.at(-1)?.toString()}[${first}]: each must be unique`,
      };
    }
  }
}

function* references({ workspaces, roles, callers }: Policy): Generator<PolicyProblem> {
  const names = workspaces.map(({ name }) => name);
  for (const [index, workspace] of workspaces.entries()) {
    for (const [position, target] of workspace.overflowTo.entries()) {
      const path = ['workspaces', index, 'overflowTo', position];
      if (!names.includes(target)) yield { path, message: unknown('workspace', target, names) };
      else if (target === workspace.name) {
        yield { path, message: `${quoted(target)} overflows to itself: name another workspace` };
      }
    }
  }
  for (const [index, { workspace, role }] of callers.entries()) {
    if (!names.includes(workspace)) {
      yield {
        path: ['callers', index, 'workspace'],
        message: unknown('workspace', workspace, names),
      };
    }
    if (!Object.hasOwn(roles, role)) {
      yield {
        path: ['callers', index, 'role'],
        message: unknown('role', role, Object.keys(roles)),
      };
    }
  }
}

function* rotationTimes({ rotation, workspaces, audit }: Policy): Generator<PolicyProblem> {
  if (rotation.quietDays > rotation.maxDrainDays) {
    yield {
      path: ['rotation', 'maxDrainDays'],
      message: `${rotation.maxDrainDays} is shorter than quietDays (${rotation.quietDays}): must be at least as long`,
    };
  }
  for (const [index, { keys }] of workspaces.entries()) {
    for (const [position, key] of keys.entries()) {
      const path = ['workspaces', index, 'keys', position, 'rotateEveryDays'];
      if (rotation.maxDrainDays >= key.rotateEveryDays) {
        yield {
          path,
          message: `${key.rotateEveryDays} is not longer than rotation.maxDrainDays (${rotation.maxDrainDays}): an old key could still drain when the next rotation starts; must be more`,
        };
      }
      if (key.rotateEveryDays > audit.maxAgeDays) {
        yield {
          path,
          message: `${key.rotateEveryDays} is more than audit.maxAgeDays (${audit.maxAgeDays}): every such key would be reported as over-age; must be at most that`,
        };
      }
      const lifetime = expireAfterDays(rotation, key);
      const needed = key.rotateEveryDays + rotation.maxDrainDays;
      if (lifetime <= needed) {
        yield {
          path: ['rotation', 'expireAfterDays'],
          message: `${lifetime} lets key ${quoted(key.name)} expire before its replacement is in place: must be more than rotateEveryDays + maxDrainDays, ${needed}`,
        };
      }
    }
  }
}

/** Its days are not in the policy: what leaves too few of them is. */
function* gatewayRotation(policy: Policy): Generator<PolicyProblem> {
  const { rotateEveryDays } = gatewayKey(policy);
  const { maxDrainDays } = policy.rotation;
  if (gatewayWorkspaces(policy).length === 0 || rotateEveryDays > maxDrainDays) return;
  yield {
    path: ['rotation', 'maxDrainDays'],
    message: `${maxDrainDays} is too long for the gateway's own keys, which rotate after 90 days, audit.maxAgeDays or expireAfterDays - maxDrainDays - 1, whichever is least: must be less than that, ${rotateEveryDays}`,
  };
}

function* thresholds({ alerts: { spendThresholds } }: Policy): Generator<PolicyProblem> {
  for (const [index, threshold] of spendThresholds.entries()) {
    const before = spendThresholds[index - 1];
    if (before !== undefined && threshold <= before) {
      yield {
        path: ['alerts', 'spendThresholds', index],
        message: `${threshold} follows ${before}: thresholds must ascend`,
      };
    }
  }
}

/** Of two patterns that match one caller the more specific one wins, so a tie has no winner. */
function* callerTies({ callers }: Policy): Generator<PolicyProblem> {
  const patterns = callers.map(({ principal }) => callerPattern(principal));
  for (const [index, pattern] of patterns.entries()) {
    const rival = patterns
      .slice(0, index)
      .findIndex(
        (earlier) => specificity(earlier) === specificity(pattern) && overlap(earlier, pattern),
      );
    if (rival >= 0) {
      yield {
        path: ['callers', index, 'principal'],
        message: `${quoted(callers[index]?.principal ?? '')} can match the same caller as callers[${rival}] and is as specific: one of them must fix more characters`,
      };
    }
  }
}

function* callerPaths({ callers }: Policy): Generator<PolicyProblem> {
  for (const [index, { principal }] of callers.entries()) {
    if (!fixesPathAlone(principal)) continue;
    yield {
      path: ['callers', index, 'principal'],
      message: `${quoted(principal)} fixes a path alone, which the sessions of a role do not tell: must fix some of the role's name`,
    };
  }
}

function* secretNames({ workspaces, mistral, gateway }: Policy): Generator<PolicyProblem> {
  for (const [index, workspace] of workspaces.entries()) {
    for (const [position, key] of workspace.keys.entries()) {
      const path = ['workspaces', index, 'keys', position, 'name'];
      if (/-[A-Za-z0-9]{6}$/.test(key.name)) {
        yield {
          path,
          message: `${quoted(key.name)} ends in a hyphen and six characters, which Secrets Manager takes for the suffix it adds to ARNs: choose another ending`,
        };
      }
      if (gateway.enabled && key.name === GATEWAY_KEY_NAME) {
        yield {
          path,
          message: `${quoted(key.name)} is the name of the gateway's own key: choose another name`,
        };
      }
      if (secretName(workspace.name, key.name) === mistral.adminKeySecret) {
        yield {
          path,
          message: `${quoted(key.name)} would overwrite mistral.adminKeySecret: choose another name`,
        };
      }
    }
  }
}

function* budgetCurrencies({ workspaces, mistral }: Policy): Generator<PolicyProblem> {
  const ending = mistral.currency === 'USD' ? 'Usd' : 'Eur';
  for (const [index, { budgets }] of workspaces.entries()) {
    for (const [field, value] of Object.entries(budgets)) {
      if (field.endsWith(ending) || value === undefined) continue;
      const expected = field.replace(/(Usd|Eur)$/, ending);
      yield {
        path: ['workspaces', index, 'budgets', field],
        message: `${value} is in another currency than mistral.currency (${mistral.currency}): name it ${expected}`,
      };
    }
  }
}

/** Requests are priced by exact ids, so that a price under an alias would never be looked up. */
function* pricedAliases({ prices }: Policy): Generator<PolicyProblem> {
  for (const name of Object.keys(prices.models)) {
    const model = PRICE_LIST.find(({ aliases }) => aliases.includes(name));
    if (model === undefined) continue;
    yield {
      path: ['prices', 'models', name],
      message: `${quoted(name)} is an alias, which may come to stand for another model: must be an exact id such as ${quoted(model.id)}`,
    };
  }
}
