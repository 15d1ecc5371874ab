import { quoted, unknownText } from '../platform/wording.js';
import { agentChecks } from './agent-rules.js';
import { callerPattern, fixesPathAlone, specificity } from './caller-patterns.js';
import { createPatternIndex } from './pattern-index.js';
import { expireAfterDays, gatewayKey, gatewayWorkspaces } from './planned-keys.js';
import type { Policy } from './policy.js';
import { UUID_RULE } from './policy-fields.js';
import type { PolicyProblem } from './policy-problem.js';
import { priceChecks } from './price-checks.js';
import { rotationTimeChecks } from './rotation-time-rules.js';
import { secretChecks } from './secret-checks.js';

export type Problems = Generator<PolicyProblem>;

export type PolicyRule = (policy: Policy) => Problems;

/** The rules that one field alone cannot break. */
export function crossCheck(policy: Policy, more: readonly PolicyRule[]): PolicyProblem[] {
  const rules: readonly PolicyRule[] = [
    drainWithoutAdminApi,
    owners,
    duplicates,
    references,
    rotationTimes,
    rotationTimeChecks,
    evidenceLock,
    gatewayRotation,
    thresholds,
    callerPatterns,
    ...secretChecks,
    budgetCurrencies,
    agentChecks,
    ...priceChecks,
    ...more,
  ];
  return rules.flatMap((rule) => [...rule(policy)]);
}

/** Without the Admin API no function can revoke a key. */
function* drainWithoutAdminApi({ mistral, rotation }: Policy): Problems {
  if (mistral.keySource !== 'operator' || rotation.onDrainTimeout === 'hold') return;
  yield {
    path: ['rotation', 'onDrainTimeout'],
    message: `${quoted(rotation.onDrainTimeout)} needs the Admin API: must be "hold" where mistral.keySource is "operator"`,
  };
}

/** Keys that the Admin API creates belong to a user. */
function* owners({ mistral, workspaces }: Policy): Problems {
  if (mistral.keySource === 'operator') return;
  for (const [index, { ownerUserId }] of workspaces.entries()) {
    if (ownerUserId !== undefined) continue;
    const message = `is missing, ${UUID_RULE}; the Admin API lists it as uuid of a user (GET /v1/admin/users)`;
    yield { path: ['workspaces', index, 'ownerUserId'], message };
  }
}

function* duplicates({ workspaces }: Policy): Problems {
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
): Problems {
  const firstSeen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    // Secret names and UUIDs that differ in case alone would only confuse their readers.
    const value = item[field].toLowerCase();
    const first = firstSeen.get(value);
    firstSeen.set(value, first ?? index);
    if (first === undefined) continue;
    yield {
      path: [...path, index, field],
      message: `${quoted(item[field])} is already the ${field} of ${String(path.at(-1))}[${first}]: each must be unique`,
    };
  }
}

function* references({ workspaces, roles, callers }: Policy): Problems {
  const names = workspaces.map(({ name }) => name);
  for (const [index, workspace] of workspaces.entries()) {
    for (const [position, target] of workspace.overflowTo.entries()) {
      const path = ['workspaces', index, 'overflowTo', position];
      if (!names.includes(target)) yield { path, message: unknownText('workspace', target, names) };
      else if (target === workspace.name) {
        yield { path, message: `${quoted(target)} overflows to itself: name another workspace` };
      }
    }
  }
  for (const [index, { workspace, role }] of callers.entries()) {
    if (!names.includes(workspace)) {
      const path = ['callers', index, 'workspace'];
      yield { path, message: unknownText('workspace', workspace, names) };
    }
    if (!Object.hasOwn(roles, role)) {
      const path = ['callers', index, 'role'];
      yield { path, message: unknownText('role', role, Object.keys(roles)) };
    }
  }
}

function* rotationTimes({ rotation, workspaces, audit }: Policy): Problems {
  const { quietDays, maxDrainDays } = rotation;
  if (quietDays > maxDrainDays) {
    yield {
      path: ['rotation', 'maxDrainDays'],
      message: `${maxDrainDays} is shorter than quietDays (${quietDays}): must be at least as long`,
    };
  }
  for (const [index, { keys }] of workspaces.entries()) {
    for (const [position, key] of keys.entries()) {
      const path = ['workspaces', index, 'keys', position, 'rotateEveryDays'];
      const days = key.rotateEveryDays;
      if (maxDrainDays >= days) {
        yield {
          path,
          message: `${days} is not longer than rotation.maxDrainDays (${maxDrainDays}): a replaced key could still be in use when the next rotation starts; must be more`,
        };
      }
      if (days > audit.maxAgeDays) {
        yield {
          path,
          message: `${days} is more than audit.maxAgeDays (${audit.maxAgeDays}): every such key would be reported as over-age; must be at most that`,
        };
      }
      const lifetime = expireAfterDays(rotation, key);
      if (lifetime <= days + maxDrainDays) {
        yield {
          path: ['rotation', 'expireAfterDays'],
          message: `${lifetime} lets key ${quoted(key.name)} expire before its replacement is in place: must be more than rotateEveryDays + maxDrainDays, ${days + maxDrainDays}`,
        };
      }
    }
  }
}

/** Nothing else can be taken back as little. */
function* evidenceLock({ evidence, audit }: Policy): Problems {
  const { lock, lockDays } = evidence;
  const path = ['evidence', 'lockDays'];
  if (lockDays === undefined) return;
  if (lock === 'none') {
    yield { path, message: `${lockDays} needs evidence.lock: must be left out, or a lock named` };
  }
  if (lockDays > audit.evidenceRetentionDays) {
    yield {
      path,
      message: `${lockDays} is more than audit.evidenceRetentionDays (${audit.evidenceRetentionDays}), after which evidence is deleted: must be at most that`,
    };
  }
}

/** The gateway's own rotation interval follows from other fields, which may leave too few days. */
function* gatewayRotation(policy: Policy): Problems {
  const { rotateEveryDays } = gatewayKey(policy);
  const { maxDrainDays } = policy.rotation;
  if (gatewayWorkspaces(policy).length === 0 || rotateEveryDays > maxDrainDays) return;
  yield {
    path: ['rotation', 'maxDrainDays'],
    message: `${maxDrainDays} is too long for the gateway's own keys, which rotate after 90 days, audit.maxAgeDays or expireAfterDays - maxDrainDays - 1, whichever is least: must be less than that, ${rotateEveryDays}`,
  };
}

function* thresholds({ alerts: { spendThresholds } }: Policy): Problems {
  for (const [index, threshold] of spendThresholds.entries()) {
    const before = spendThresholds[index - 1];
    if (before === undefined || threshold > before) continue;
    yield {
      path: ['alerts', 'spendThresholds', index],
      message: `${threshold} follows ${before}: thresholds must ascend`,
    };
  }
}

/** Of two patterns that match one caller the more specific one wins, so a tie has no winner. */
function* callerPatterns({ callers }: Policy): Problems {
  const patterns = callers.map(({ principal }, at) => ({ at, pattern: callerPattern(principal) }));
  const byPattern = createPatternIndex(patterns);
  for (const { at: index, pattern } of patterns) {
    const principal = callers[index]?.principal ?? '';
    const path = ['callers', index, 'principal'];
    const rivals = byPattern
      .overlapping(pattern)
      .filter((one) => one.at < index && specificity(one.pattern) === specificity(pattern))
      .sort((one, other) => one.at - other.at);
    const [rival] = rivals;
    if (rival) {
      const tie =
        rival.pattern === pattern
          ? `matches the same callers as callers[${rival.at}], as paths of roles do not count: remove one of them`
          : `can match the same caller as callers[${rival.at}] and is as specific: one of them must fix more characters`;
      yield { path, message: `${quoted(principal)} ${tie}` };
    }
    if (fixesPathAlone(principal)) {
      const message = `${quoted(principal)} fixes a path alone, and role sessions carry no path: must fix some of the role's name`;
      yield { path, message };
    }
  }
}

function* budgetCurrencies({ workspaces, mistral }: Policy): Problems {
  const ending = mistral.currency === 'USD' ? 'Usd' : 'Eur';
  for (const [index, { budgets, lends }] of workspaces.entries()) {
    for (const [part, amounts] of Object.entries({ budgets, lends })) {
      for (const [field, value] of Object.entries(amounts)) {
        if (field.endsWith(ending) || value === undefined) continue;
        const expected = field.replace(/(Usd|Eur)$/, ending);
        yield {
          path: ['workspaces', index, part, field],
          message: `${value} is in another currency than mistral.currency (${mistral.currency}): name it ${expected}`,
        };
      }
    }
  }
}
