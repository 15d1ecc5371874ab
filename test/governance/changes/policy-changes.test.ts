import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorizeRequest } from '../../../governance/access/authorize.js';
import { compileAccess } from '../../../governance/access/compile-access.js';
import {
  createModelDirectory,
  type ModelDirectory,
} from '../../../governance/access/model-directory.js';
import type { AccessChange } from '../../../governance/changes/access-changes.js';
import type { LimitChange } from '../../../governance/changes/limit-changes.js';
import { hasModel } from '../../../governance/changes/model-set.js';
import { plainText } from '../../../governance/changes/phrase.js';
import { comparePolicies } from '../../../governance/changes/policy-changes.js';
import {
  callerPattern,
  matches,
  overlap,
  specificity,
} from '../../../governance/policy/caller-patterns.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import type { Policy } from '../../../governance/policy/policy.js';
import { PRICE_LIST } from '../../../governance/prices/price-list.js';
import { isBounded, lentBy, quotasOf } from '../../../governance/quotas/workspace-quotas.js';
import { aPolicy, type policyDocument } from '../../support/builders.js';

const NOW_MS = Date.parse('2026-11-24T10:00:00Z');
const ROLE = 'arn:aws:iam::111122223333:role';

function compare(before: Policy, after: Policy) {
  return comparePolicies(before, after, NOW_MS);
}

/** What `change` does to the shipped policy, as `effect subject: what`. */
function changesOf(change: (document: ReturnType<typeof policyDocument>) => void) {
  const { changes, effect } = compare(aPolicy(), aPolicy(change));
  const texts = changes.map(
    (one) => `${one.effect} ${plainText(one.subject)}: ${plainText(one.what)}`,
  );
  return { effect, texts };
}

describe('what a change is called', () => {
  test.each<[string, (document: ReturnType<typeof policyDocument>) => void, string, string[]]>([
    ['nothing', () => {}, 'neither', []],
    [
      'a model more in a role, which one of two workspaces allows',
      ({ roles }) => roles.analyst.models.push('codestral-latest'),
      'widens',
      [`widens ${ROLE}/analyst: gains codestral-2508`],
    ],
    [
      'a caller that a wildcard had',
      ({ callers }) => {
        callers.push({ principal: `${ROLE}/dev*`, role: 'analyst', workspace: 'ml-workspace' });
      },
      'widens',
      [
        `widens ${ROLE}/dev* without ${ROLE}/developer: new, analyst in ml-workspace: mistral-embed-2312 and mistral-small-2603; 500 tokens a request, 100,000 a day`,
      ],
    ],
    [
      'a caller gone',
      ({ callers }) => callers.splice(0, 1),
      'narrows',
      [`narrows ${ROLE}/analyst: loses access, was analyst in ml-workspace`],
    ],
    [
      'all models instead of some',
      ({ roles }) => {
        roles.senior.models = '*';
      },
      'widens',
      [
        `widens ${ROLE}/ml-engineer: gains all models but codestral-2508, mistral-embed-2312, mistral-large-2512 and mistral-small-2603`,
      ],
    ],
    [
      'a budget more, another less, and one gone',
      ({ workspaces: [, ml, prod] }) => {
        ml.budgets = { dailyUsd: 60, monthlyUsd: 400 };
        prod.budgets = { dailyUsd: 200, monthlyUsd: 2000 };
      },
      'widens',
      [
        'widens ml-workspace: spends up to 60.00 USD a day instead of 50.00 USD (+10.00 USD)',
        'narrows ml-workspace: spends up to 400.00 USD a month instead of 500.00 USD (-100.00 USD)',
        'widens prod-workspace: spends without a limit a hour, was up to 50.00 USD',
      ],
    ],
    [
      'the currency, which leaves nothing to compare',
      (document) => {
        document.mistral.currency = 'EUR';
        document.workspaces = [{ ...document.workspaces[0], budgets: { monthlyEur: 10 } }];
        document.callers = document.callers.filter(
          ({ workspace }: { workspace: string }) => workspace === 'dev-workspace',
        );
      },
      'widens',
      expect.arrayContaining([
        'widens dev-workspace: spends up to 10.00 EUR a month instead of 50.00 USD',
        'widens mistral.currency: EUR instead of USD',
      ]) as never,
    ],
    [
      'a workspace with a new name',
      (document) => {
        const text = JSON.stringify(document).replaceAll('ml-workspace', 'research');
        Object.assign(document, JSON.parse(text));
      },
      'neither',
      [
        `neither ${ROLE}/analyst and ${ROLE}/ml-engineer: is in research, the new name of ml-workspace`,
        'neither research: was called ml-workspace, and keeps its budgets',
        'neither mistral/research/ml-team-key: takes the place of mistral/ml-workspace/ml-team-key, with a key of its own',
        'neither mistral/research/gateway: takes the place of mistral/ml-workspace/gateway, with a key of its own',
      ],
    ],
    [
      'another workspace at Mistral under a name',
      ({ workspaces: [dev] }) => {
        dev.id = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a99';
      },
      'widens',
      expect.arrayContaining([
        expect.stringMatching(
          /^widens dev-workspace: is workspace .*99 instead of .*01: its budgets/,
        ),
      ]) as never,
    ],
    [
      'readers',
      ({ workspaces: [dev] }) => {
        dev.keys[0].readers = [`${ROLE}/ops`];
      },
      'widens',
      [
        `widens mistral/dev-workspace/dev-team-key: may also be read by ${ROLE}/ops`,
        `narrows mistral/dev-workspace/dev-team-key: may no longer be read by ${ROLE}/developer`,
      ],
    ],
    [
      'a new key',
      ({ workspaces: [dev] }) => dev.keys.push({ name: 'batch', readers: [`${ROLE}/batch`] }),
      'widens',
      [`widens mistral/dev-workspace/batch: new, read by ${ROLE}/batch, rotates every 90 days`],
    ],
    [
      'administrators, who are all once the list is empty',
      (document) => {
        document.administrators = [];
      },
      'widens',
      [`widens administrators: without ${ROLE}/platform-admin`],
    ],
    [
      'where keys are sent',
      (document) => {
        document.mistral.apiUrl = 'https://mistral.example';
      },
      'widens',
      ['widens mistral.apiUrl: https://mistral.example instead of https://api.mistral.ai'],
    ],
    [
      'a role that no caller has, and what neither lets in nor spends',
      (document) => {
        document.roles.idle = { models: '*', maxTokensPerRequest: 5, dailyTokens: 5 };
        document.audit.staleAfterDays = 10;
      },
      'neither',
      [
        'neither audit.staleAfterDays: 10 instead of 30',
        expect.stringMatching(/^neither roles\.idle: \{"models":"\*",.*\}, was not set$/) as never,
      ],
    ],
    [
      'an agent, and a role that may use it',
      (document) => {
        document.agents = [{ id: 'ag_1', model: 'mistral-small-2603' }];
        document.roles.analyst.agents = ['ag_1'];
      },
      'widens',
      [
        expect.stringMatching(/^widens agents: adds \{"id":"ag_1",/) as never,
        'widens roles.analyst.agents: adds ag_1',
      ],
    ],
    [
      'one session for all, where tokens were of each',
      ({ callers }) => {
        callers.at(-1).perSession = false;
      },
      'narrows',
      [
        expect.stringMatching(
          /^narrows .*: tokens a day count for all sessions together$/,
        ) as never,
      ],
    ],
  ])('%s', (_name, change, effect, texts) => {
    expect(changesOf(change)).toEqual({ effect, texts });
  });

  test('the order of lists is no change', () => {
    const reversed = aPolicy((document) => {
      document.workspaces.reverse();
      document.callers.reverse();
      for (const workspace of document.workspaces) workspace.keys.reverse();
      for (const role of Object.values<{ models: '*' | string[] }>(document.roles)) {
        if (role.models !== '*') role.models.reverse();
      }
      document.roles = Object.fromEntries(Object.entries(document.roles).reverse());
    });
    expect(compare(aPolicy(), reversed)).toMatchObject({ changes: [], deploy: [], access: [] });
  });
});

const MODEL_NAMES = [
  'mistral-small-latest',
  'mistral-small-2603',
  'codestral-latest',
  'mistral-embed',
];
const PRINCIPALS = [
  `${ROLE}/analyst`,
  `${ROLE}/team/analyst`,
  `${ROLE}/analyst-*`,
  `${ROLE}/a*`,
  `${ROLE}/*-x`,
  `${ROLE}/a*t-x`,
  `${ROLE}/*`,
  'arn:aws:iam::*:role/analyst',
  'arn:aws:iam::*:role/*-x',
  'arn:aws:sts::111122223333:assumed-role/analyst/ana',
  'arn:aws:sts::111122223333:assumed-role/analyst/a*',
  'arn:aws:sts::111122223333:assumed-role/*/ana',
  'arn:aws:iam::111122223333:user/ci',
  'arn:aws:iam::111122223333:user/*',
  'arn:aws:iam::111122223333:user/**',
];
const WORKSPACES = ['one', 'two', 'three', 'four'];
const ROLES = ['reader', 'writer'];

const someModels = fc.oneof(fc.constant('*'), fc.subarray(MODEL_NAMES, { minLength: 1 }));
const money = fc.option(fc.constantFrom(5, 10, 20), { nil: undefined });
const aWorkspace = fc.record({
  ownerUserId: fc.constant('9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10'),
  team: fc.constantFrom('a', 'b'),
  models: someModels,
  requestsPerMinute: fc.constantFrom(1, 2),
  budgets: fc.record({ dailyUsd: money, monthlyUsd: money }),
  lends: fc.record({ dailyUsd: money }),
  id: fc.constantFrom(1, 2, 3, 4, 5, 6),
  keys: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('k1', 'k2', 'k3'),
      description: fc.constantFrom('', 'checkout'),
      rotateEveryDays: fc.constantFrom(30, 60),
      readers: fc.subarray([`${ROLE}/r1`, `${ROLE}/r2`]),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  ),
});
const aRole = fc.record({
  models: someModels,
  maxTokensPerRequest: fc.constantFrom(100, 200, 1_000_000),
  dailyTokens: fc.constantFrom('unlimited', 1000, 2000),
  overMaxTokens: fc.constantFrom('refuse', 'cap'),
});
const aCaller = fc.record({
  principal: fc.constantFrom(...PRINCIPALS),
  role: fc.constantFrom(...ROLES),
  workspace: fc.constantFrom(...WORKSPACES),
  perSession: fc.boolean(),
});
const somePolicy = fc
  .record({
    workspaces: fc.tuple(...WORKSPACES.map(() => aWorkspace)),
    roles: fc.tuple(aRole, aRole),
    callers: fc.array(aCaller, { maxLength: 8 }),
    gateway: fc.record({ enabled: fc.boolean() }),
    quietDays: fc.constantFrom(1, 2),
    administrators: fc.subarray([`${ROLE}/a1`, `${ROLE}/a2`]),
  })
  .map((given) =>
    aPolicy((document) => {
      const taken = new Set<number>();
      const workspaces = given.workspaces.flatMap((workspace, at) => {
        if (taken.has(workspace.id)) return [];
        taken.add(workspace.id);
        const id = `6c1f0a0e-52f4-4f8e-9d43-00000000000${workspace.id}`;
        return [{ ...workspace, name: WORKSPACES[at], id }];
      });
      Object.assign(document, {
        workspaces,
        roles: Object.fromEntries(given.roles.map((role, at) => [ROLES[at], role])),
        callers: withoutTies(given.callers).filter(({ workspace }) =>
          workspaces.some(({ name }) => name === workspace),
        ),
        gateway: given.gateway,
        administrators: given.administrators,
      });
      document.rotation.quietDays = given.quietDays;
    }),
  );

function withoutTies<Caller extends { readonly principal: string }>(callers: readonly Caller[]) {
  const kept: Caller[] = [];
  for (const caller of callers) {
    const pattern = callerPattern(caller.principal);
    const isTie = kept.some((one) => {
      const other = callerPattern(one.principal);
      return specificity(other) === specificity(pattern) && overlap(other, pattern);
    });
    if (!isTie) kept.push(caller);
  }
  return kept;
}

/** What Mistral serves: one model more than any list has. */
const SERVED = [
  ...PRICE_LIST,
  { id: 'mistral-unheard-2612', aliases: [], contextTokens: undefined },
];
const DIRECTORY = createModelDirectory(SERVED, { models: SERVED });

const CALLERS = [
  ...new Set(
    PRINCIPALS.map(callerPattern).flatMap((pattern) =>
      ['ana', 'bob', 'nalyst', '-x', 't-x', 'st-x', '999988887777'].map((text) =>
        pattern.replaceAll('*', text),
      ),
    ),
  ),
].filter((arn) => /^arn:aws:(iam|sts)::\d{12}:/.test(arn));

function decide(policy: Policy, maxTokens?: number) {
  const access = compileAccess(policy, DIRECTORY);
  return (caller: string, model: string) => {
    const decision = authorizeRequest(access, caller, { model, maxTokens });
    if (decision.kind === 'refuse') return { kind: decision.kind, code: decision.code };
    // What is reserved, not what is allowed.
    const { bounds: _, audioMinutes: __, agent: ___, caller: ____, ...grant } = decision;
    return grant;
  };
}

type Decision = ReturnType<ReturnType<typeof decide>>;

/** What the claims make of a decision of the old policy. */
function applied(
  { after, gained, lost }: AccessChange,
  old: Decision,
  caller: string,
  model: string,
  maxTokens: number | undefined,
): Decision | undefined {
  if (after === undefined) return { kind: 'refuse', code: 'unknown_caller' };
  const isNew = old.kind === 'refuse' && old.code === 'unknown_caller';
  const had = !isNew && !(old.kind === 'refuse' && old.code === 'model_not_allowed');
  if (!(hasModel(gained, model) || (had && !hasModel(lost, model)))) {
    return { kind: 'refuse', code: 'model_not_allowed' };
  }
  const limit = Math.min(after.maxTokensPerRequest, contextOf(DIRECTORY, model));
  const isOver = maxTokens !== undefined && maxTokens > limit;
  if (isOver && after.overMaxTokens === 'refuse') {
    return { kind: 'refuse', code: 'max_tokens_exceeded' };
  }
  const [role = caller] = /^arn:aws:sts::\d+:assumed-role\/[^/]+/.exec(caller) ?? [];
  const principal = after.perSession ? caller : role;
  const { role: name, workspace, workspaceId, dailyTokens: tokens } = after;
  return {
    kind: 'allow',
    ...{ workspace, role: name, modelId: model },
    maxTokens: isOver ? limit : (maxTokens ?? limit),
    isCapped: isOver,
    dailyTokens: tokens === undefined ? undefined : { principal, workspaceId, limit: tokens },
  };
}

function contextOf(directory: ModelDirectory, model: string): number {
  return directory.contextTokens(model) ?? Number.POSITIVE_INFINITY;
}

function limitsOf(policy: Policy, keyOf: (workspace: { id: string; name: string }) => string) {
  return new Map<string, { unit: string; limit: number }>(
    policy.workspaces.flatMap((workspace) => {
      const lent = lentBy(policy, workspace);
      return [...quotasOf(policy, workspace), ...(isBounded(lent) ? [lent] : [])].map(
        ({ scope, unit, window, limit }) => {
          const kind = scope.startsWith('lent#') ? 'lent' : 'own';
          const isRequests = unit === 'requests';
          return [`${keyOf(workspace)} ${kind} ${isRequests} ${window}`, { unit, limit }] as const;
        },
      );
    }),
  );
}

function applyLimits(before: Policy, after: Policy, changes: readonly LimitChange[]) {
  const names = new Map(after.workspaces.map(({ id, name }) => [id, name]));
  const nameOf = ({ id, name }: { id: string; name: string }) =>
    names.get(id) ??
    (after.workspaces.some(
      (one) => one.name === name && !before.workspaces.some((other) => other.id === one.id),
    )
      ? name
      : `gone ${id}`);
  const limits = limitsOf(before, nameOf);
  for (const { workspace, workspaceId, kind, window, ...change } of changes) {
    const unit = (change.after ?? change.before)?.unit;
    const name = names.has(workspaceId) ? workspace : `gone ${workspaceId}`;
    const key = `${name} ${kind} ${unit === 'requests'} ${window}`;
    expect(limits.get(key)).toEqual(change.before);
    if (change.after) limits.set(key, change.after);
    else limits.delete(key);
  }
  return limits;
}

const options = { numRuns: 50, seed: 20261129 };

describe('over pairs of policies, the claims make the new decisions of the old ones', () => {
  test.each([undefined, 150])('for all callers and models, max_tokens %s', (maxTokens) => {
    fc.assert(
      fc.property(somePolicy, somePolicy, (before, after) => {
        const { access } = compare(before, after);
        const [old, now] = [decide(before, maxTokens), decide(after, maxTokens)];
        const wrong: unknown[] = [];
        for (const caller of CALLERS) {
          const claims = access.filter(
            ({ principals, except }) =>
              principals.every((one) => matches(callerPattern(one), caller)) &&
              !except.some((one) => matches(callerPattern(one), caller)),
          );
          expect(claims.length).toBeLessThanOrEqual(1);
          for (const model of DIRECTORY.ids) {
            const [claim] = claims;
            const was = old(caller, model);
            const told = claim ? applied(claim, was, caller, model, maxTokens) : was;
            const is = now(caller, model);
            if (!isDeepStrictEqual(is, told)) wrong.push({ caller, model, told, is });
          }
        }
        expect(wrong).toEqual([]);
      }),
      options,
    );
  });

  test('for all limits of workspaces', () => {
    fc.assert(
      fc.property(somePolicy, somePolicy, (before, after) => {
        const { limits } = compare(before, after);
        expect(applyLimits(before, after, limits)).toEqual(limitsOf(after, ({ name }) => name));
      }),
      options,
    );
  });

  test('for all secrets, their readers and rotations', () => {
    const secretsOf = (policy: Policy) =>
      new Map(
        plannedKeys(policy).map(({ secretName, key }) => [
          secretName,
          { days: key.rotateEveryDays, readers: [...key.readers].sort() },
        ]),
      );
    fc.assert(
      fc.property(somePolicy, somePolicy, (before, after) => {
        const secrets = secretsOf(before);
        for (const { kind, secret, from = secret, ...change } of compare(before, after).keys) {
          const old = kind === 'new' ? undefined : secrets.get(from);
          if (kind !== 'new') expect(old?.days).toBe(change.rotateEveryDays.before);
          if (kind !== 'changed') secrets.delete(from);
          if (kind === 'retired') continue;
          const kept = old?.readers.filter((one) => !change.readersRemoved.includes(one)) ?? [];
          const readers = [...kept, ...change.readersAdded].sort();
          secrets.set(secret, { days: change.rotateEveryDays.after ?? 0, readers });
        }
        expect(secrets).toEqual(secretsOf(after));
      }),
      options,
    );
  });

  test('and where there are none, a deploy does nothing', () => {
    fc.assert(
      fc.property(somePolicy, (policy) => {
        const same = structuredClone(policy);
        expect(compare(policy, same)).toMatchObject({ changes: [], deploy: [], effect: 'neither' });
      }),
      options,
    );
  });
});

test('a thousand workspaces with five callers each are compared within seconds', () => {
  const large = (change: number) =>
    aPolicy((document) => {
      const [model] = document.workspaces;
      const numbers = Array.from({ length: 1000 }, (_, at) => at);
      document.workspaces = numbers.map((at) => ({
        ...model,
        name: `workspace-${at}`,
        id: `6c1f0a0e-52f4-4f8e-9d43-${String(at).padStart(12, '0')}`,
        budgets: { monthlyUsd: 50 + (at % 2) * change },
      }));
      document.callers = numbers.flatMap((at) =>
        ['a', 'b', 'c', 'd', 'e-*'].map((name) => ({
          principal: `${ROLE}/team-${at}-${name}`,
          role: at % 3 === 0 && change > 0 ? 'senior' : 'developer',
          workspace: `workspace-${at}`,
        })),
      );
    });
  const [before, after] = [large(0), large(1)];
  const { access, limits } = compare(before, after);
  expect([access.length, limits.length]).toEqual([334 * 5, 500]);
});
