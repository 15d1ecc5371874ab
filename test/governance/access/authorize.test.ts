import { describe, expect, test } from 'vitest';
import type { AccessGrant, AccessRefusal } from '../../../governance/access/access.js';
import { authorizeRequest } from '../../../governance/access/authorize.js';
import { type CompiledAccess, compileAccess } from '../../../governance/access/compile-access.js';
import { createModelDirectory } from '../../../governance/access/model-directory.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';

type Change = Parameters<typeof aPolicy>[0];

const SERVED = [
  'mistral-small-2603',
  'mistral-large-2512',
  'codestral-2508',
  'mistral-embed-2312',
  'mistral-medium-3-5',
];

function anAccess(change: Change = () => {}): CompiledAccess {
  const policy = aPolicy(change);
  const book = createPriceBook(policy);
  const served = book.models.filter(({ id }) => SERVED.includes(id));
  return compileAccess(policy, createModelDirectory(served, book));
}

function session(role: string, name = 'ada'): string {
  return `arn:aws:sts::111122223333:assumed-role/${role}/${name}`;
}

function ask(
  access: CompiledAccess,
  caller: string,
  model = 'mistral-small-latest',
  maxTokens?: unknown,
): AccessGrant | AccessRefusal {
  return authorizeRequest(access, caller, { model, maxTokens: maxTokens as number });
}

function allowedOf(access: CompiledAccess, caller: string): string[] {
  return SERVED.filter((model) => ask(access, caller, model).kind === 'allow');
}

/** A policy with these patterns as callers, each with its own role, which shows which one matched. */
function withCallers(...principals: string[]): CompiledAccess {
  return anAccess((document) => {
    document.callers = principals.map((principal, index) => {
      document.roles[`r${index}`] = document.roles.admin;
      return { principal, role: `r${index}`, workspace: 'ml-workspace' };
    });
  });
}

const shipped = anAccess();
/** By IAM Identity Center. */
const SIGNED_IN = 'AWSReservedSSO_Developer_0123456789abcdef';

test('a caller may use what its role and its workspace allow, within the limits of both', () => {
  expect(ask(shipped, session('analyst'), 'mistral-small-latest', 100)).toEqual({
    kind: 'allow',
    workspace: 'ml-workspace',
    role: 'analyst',
    modelId: 'mistral-small-2603',
    maxTokens: 100,
    isCapped: false,
    bounds: { imageTokens: 3100, ocrPages: 1000 },
    audioMinutes: 180,
    caller: 'arn:aws:sts::111122223333:assumed-role/analyst',
    dailyTokens: {
      principal: 'arn:aws:sts::111122223333:assumed-role/analyst',
      workspaceId: aPolicy().workspaces[1]?.id,
      limit: 100_000,
    },
  });
});

test('a role without a daily limit has no quota of tokens', () => {
  expect(ask(shipped, session('platform-admin'))).toMatchObject({
    kind: 'allow',
    dailyTokens: undefined,
  });
});

describe('daily tokens are counted for', () => {
  const user = 'arn:aws:iam::111122223333:user/people/ada';
  const role = 'arn:aws:iam::111122223333:role/people/analyst';
  function principal(perSession: boolean, caller: string): unknown {
    const access = anAccess((document) => {
      document.callers = [
        { ...document.callers[0], perSession },
        { ...document.callers[0], principal: 'arn:aws:iam::111122223333:user/*', perSession },
      ];
    });
    const answer = ask(access, caller);
    return answer.kind === 'allow' && answer.dailyTokens?.principal;
  }
  test.each([
    ['the role', false, session('analyst'), session('analyst').replace('/ada', '')],
    ['the session', true, session('analyst'), session('analyst')],
    ['the user', false, user, user],
    ['the user', true, user, user],
    ['the role, given as one', false, role, session('analyst').replace('/ada', '')],
    ['the role, whose session is not known', true, role, session('analyst').replace('/ada', '')],
  ])('%s where perSession is %s', (_who, perSession, caller, expected) => {
    expect(principal(perSession, caller)).toBe(expected);
  });
});

describe('models', () => {
  test.each([
    ['its alias', 'mistral-small-latest', 'mistral-small-2603'],
    ['its exact id', 'mistral-small-2603', 'mistral-small-2603'],
    ['an alias the role names', 'mistral-embed', 'mistral-embed-2312'],
  ])('a role may ask for a model by %s', (_name, model, modelId) => {
    expect(ask(shipped, session('analyst'), model)).toMatchObject({ kind: 'allow', modelId });
  });

  test.each([
    ['the role does not name', 'analyst', 'mistral-large-latest'],
    ['the workspace does not name, by the role alone', 'developer', 'mistral-embed'],
    ['Mistral does not serve', 'platform-admin', 'mistral-medium-2508'],
    ['is called like a method', 'platform-admin', 'constructor'],
    ['has no name', 'platform-admin', ''],
  ])('a model that %s is refused', (_name, role, model) => {
    expect(ask(shipped, session(role), model)).toMatchObject({
      kind: 'refuse',
      code: 'model_not_allowed',
    });
  });

  test('the refusal names model, role, workspace and what is allowed', () => {
    expect(ask(shipped, session('developer'), 'mistral-large-latest')).toMatchObject({
      message:
        'model "mistral-large-latest" is not allowed for role "developer" in workspace "dev-workspace": allowed are codestral-2508, mistral-small-2603',
    });
    expect(ask(shipped, session('developer'), 'gpt-7')).toMatchObject({
      message:
        'model "gpt-7" is not allowed for role "developer" in workspace "dev-workspace": allowed are codestral-2508, mistral-small-2603',
    });
  });

  test('a very long name is cut in the message', () => {
    const answer = ask(shipped, session('developer'), 'x'.repeat(100_000)) as AccessRefusal;
    expect(answer.message.length).toBeLessThan(500);
  });

  test('"*" of the role means the models of the workspace', () => {
    const access = anAccess((document) => {
      document.callers[1].role = 'admin';
    });
    expect(allowedOf(access, session('developer'))).toEqual([
      'mistral-small-2603',
      'codestral-2508',
    ]);
  });

  test('"*" of both means every model that is served', () => {
    expect(allowedOf(shipped, session('platform-admin'))).toEqual(SERVED);
  });
});

describe('max_tokens', () => {
  test.each([[undefined], [null]])('%s means the limit of the role', (maxTokens) => {
    const answer = ask(shipped, session('analyst'), 'mistral-small-latest', maxTokens);
    expect(answer).toMatchObject({ kind: 'allow', maxTokens: 500 });
  });

  test.each([[1], [499], [500]])('%i of 500 is fine', (maxTokens) => {
    const answer = ask(shipped, session('analyst'), 'mistral-small-latest', maxTokens);
    expect(answer).toMatchObject({ kind: 'allow', maxTokens });
  });

  test.each([[501], [1e300], [Number.MAX_SAFE_INTEGER]])('%d of 500 is too many', (maxTokens) => {
    expect(ask(shipped, session('analyst'), 'mistral-small-latest', maxTokens)).toEqual({
      kind: 'refuse',
      code: 'max_tokens_exceeded',
      message: `max_tokens ${maxTokens} is above the limit of the role: role "analyst" may ask model "mistral-small-2603" for 1 to 500`,
    });
  });

  test.each([
    [0, '0'],
    [-1, '-1'],
    [-0, '0'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['100', '"100"'],
    [true, 'true'],
    [[100], '[100]'],
    [{}, '{}'],
  ])('%j is not a valid token count', (maxTokens, text) => {
    expect(ask(shipped, session('analyst'), 'mistral-small-latest', maxTokens)).toEqual({
      kind: 'refuse',
      code: 'max_tokens_invalid',
      message: `max_tokens ${text} is not a valid token count: role "analyst" may ask model "mistral-small-2603" for 1 to 500`,
    });
  });

  test('are no more than the context of the model', () => {
    const access = anAccess((document) => {
      document.roles.analyst.maxTokensPerRequest = 100_000;
    });
    const answer = ask(access, session('analyst'), 'mistral-embed');
    expect(answer).toMatchObject({ kind: 'allow', maxTokens: 8192 });
    expect(ask(access, session('analyst'), 'mistral-embed', 8193)).toMatchObject({
      code: 'max_tokens_exceeded',
      message:
        'max_tokens 8193 is above the context of the model: role "analyst" may ask model "mistral-embed-2312" for 1 to 8192',
    });
  });
});

describe('a caller matches', () => {
  const IAM = 'arn:aws:iam::111122223333';
  test.each<[string, string, string]>([
    ['the role it comes from', 'arn:aws:iam::111122223333:role/analyst', session('analyst')],
    ['its role in a path', 'arn:aws:iam::111122223333:role/a/b/analyst', session('analyst')],
    ['a part of its role', 'arn:aws:iam::111122223333:role/an*st', session('analyst')],
    ['a part of its role in a path', 'arn:aws:iam::111122223333:role/a/an*', session('analyst')],
    ['its role in any account', 'arn:aws:iam::*:role/analyst', session('analyst')],
    ['every role', 'arn:aws:iam::111122223333:role/*', session('analyst')],
    ['its own session', session('analyst', 'ada'), session('analyst', 'ada')],
    ['its sessions', session('analyst', 'a*'), session('analyst', 'ada@example.com')],
    [
      'a role in China',
      'arn:aws-cn:iam::111122223333:role/analyst',
      'arn:aws-cn:sts::111122223333:assumed-role/analyst/ada',
    ],
    [
      'a role in GovCloud',
      'arn:aws-us-gov:iam::111122223333:role/analyst',
      'arn:aws-us-gov:sts::111122223333:assumed-role/analyst/ada',
    ],
    ['the role that it is', `${IAM}:role/analyst`, `${IAM}:role/analyst`],
    ['the role that it is, in a path', `${IAM}:role/analyst`, `${IAM}:role/a/b/analyst`],
    ['a part of the role that it is', `${IAM}:role/an*`, `${IAM}:role/a/analyst`],
    ['all sessions of the role that it is', session('analyst', '*'), `${IAM}:role/analyst`],
    ['its user', 'arn:aws:iam::111122223333:user/ada', 'arn:aws:iam::111122223333:user/ada'],
    [
      'users in a path',
      'arn:aws:iam::111122223333:user/a/*',
      'arn:aws:iam::111122223333:user/a/b/c',
    ],
  ])('%s', (_name, pattern, caller) => {
    expect(ask(withCallers(pattern), caller)).toMatchObject({ kind: 'allow' });
  });

  const ROLE = 'arn:aws:iam::111122223333:role/analyst';
  test.each<[string, string, string]>([
    ['another role', ROLE, session('analysts')],
    ['a role with another start', ROLE, session('my-analyst')],
    ['a session called like the role', ROLE, session('x', 'analyst')],
    ['another account', ROLE, session('analyst').replace('1111', '2222')],
    ['another partition', ROLE, session('analyst').replace('arn:aws', 'arn:aws-cn')],
    ['a user called like the role', ROLE, 'arn:aws:iam::111122223333:user/analyst'],
    ['a path of its name', 'arn:aws:iam::111122223333:role/team-*/x', session('team-a')],
    [
      'the root of the account',
      'arn:aws:iam::111122223333:user/*',
      'arn:aws:iam::111122223333:root',
    ],
    ['a user in a path', 'arn:aws:iam::*:user/ada', 'arn:aws:iam::111122223333:user/x/ada/y'],
    [
      'a federated user',
      'arn:aws:iam::*:role/*',
      'arn:aws:sts::111122223333:federated-user/analyst',
    ],
    ['two lines', 'arn:aws:iam::*:role/*', `${session('analyst')}\n${session('analyst')}`],
    ['one session, given the role', session('analyst', 'ada'), ROLE],
    ['sessions, given the role', session('analyst', 'a*'), ROLE],
    ['another role', ROLE, `${ROLE}s`],
    ['a path like the role', ROLE, `${ROLE}/x`],
    ['a pattern instead of a role', 'arn:aws:iam::*:role/*', `${IAM}:role/*`],
    ['a role and a newline', ROLE, `${ROLE}\n`],
    ['no session', 'arn:aws:iam::*:role/*', session('analyst', '')],
    ['an ARN in a session', 'arn:aws:iam::*:role/x', session('y', 'a:assumed-role/x/b')],
    ['an empty ARN', 'arn:aws:iam::*:role/*', ''],
    ['a method', 'arn:aws:iam::*:role/*', 'constructor'],
  ])('fails for %s', (_name, pattern, caller) => {
    expect(ask(withCallers(pattern), caller)).toMatchObject({
      kind: 'refuse',
      code: 'unknown_caller',
      message: `caller ${JSON.stringify(caller)} has no role: allowed are the IAM users and roles that the policy's callers name`,
    });
  });

  test.each<[string, string[], string]>([
    ['the longer name', ['role/an*', 'role/anal*', 'role/*'], 'r1'],
    ['a name over a part of it', ['role/*', 'role/analyst', 'role/analys*'], 'r1'],
    ['a name over a long path', ['role/some/very/long/path/an*', 'role/analyst'], 'r1'],
  ])('the most specific pattern: %s', (_name, names, role) => {
    const access = withCallers(...names.map((name) => `arn:aws:iam::111122223333:${name}`));
    expect(ask(access, session('analyst'))).toMatchObject({ role });
  });

  test('its session before its role', () => {
    const access = withCallers('arn:aws:iam::111122223333:role/analyst', session('analyst', 'ada'));
    expect(ask(access, session('analyst', 'ada'))).toMatchObject({ role: 'r1' });
    expect(ask(access, session('analyst', 'bob'))).toMatchObject({ role: 'r0' });
  });
});

test('a role that is not in the policy is rejected', () => {
  const policy = aPolicy();
  const { analyst: _, ...roles } = policy.roles;
  const book = createPriceBook(policy);
  const access = compileAccess({ ...policy, roles }, createModelDirectory(book.models, book));
  expect(ask(access, session('analyst'))).toEqual({
    kind: 'refuse',
    code: 'unknown_role',
    message:
      'role "analyst" of the caller is not in the policy: known are developer, senior, admin',
  });
});

test('tens of thousands of sessions are kept apart, and the first is still known', () => {
  for (let each = 0; each < 25_000; each += 1) {
    const caller = session(SIGNED_IN, `s${each}`);
    const answer = ask(shipped, caller);
    if (answer.kind === 'refuse') throw new Error(answer.message);
    if (answer.dailyTokens?.principal !== caller) throw new Error(caller);
  }
  expect(ask(shipped, session(SIGNED_IN, 's0'))).toMatchObject({ kind: 'allow' });
});

describe('what the policy says of a model by a name that only Mistral knows', () => {
  // Names that the price list has are refused by the policy's checks, if they are aliases.
  const card = { id: 'brand-new-2611', aliases: ['brand-new-latest'], contextTokens: 1000 };
  const accessWith = (limits: object, prices: object = {}) => {
    const policy = aPolicy((document) => {
      document.limits = { models: limits };
      document.prices = { models: prices };
      document.roles.admin.models = '*';
    });
    const book = createPriceBook(policy);
    const access = compileAccess(policy, createModelDirectory([card], book));
    return { access, book };
  };
  const imageTokensOf = (limits: object) => {
    const answer = ask(accessWith(limits).access, session('platform-admin'), 'brand-new-latest');
    return answer.kind === 'allow' ? answer.bounds.imageTokens : answer.message;
  };

  test('tokens of images by an alias hold for its model, unless the id has its own', () => {
    const alias = { 'brand-new-latest': { imageTokens: 77 } };
    const id = { 'brand-new-2611': { imageTokens: 88 } };
    expect(imageTokensOf(alias)).toBe(77);
    expect(imageTokensOf({ ...alias, ...id })).toBe(88);
    expect(imageTokensOf({ ...id, ...alias })).toBe(88);
    expect(imageTokensOf({ other: { imageTokens: 5 } })).toBe(3100);
    expect(imageTokensOf({ 'brand-new-2611': {} })).toBe(3100);
  });

  test('a price by an alias is the price of its model, by whichever name it is asked for', () => {
    const prices = { 'brand-new-latest': { inputPerMillionTokens: 123 } };
    const { access, book } = accessWith({}, prices);
    for (const name of ['brand-new-latest', 'brand-new-2611']) {
      const answer = ask(access, session('platform-admin'), name);
      if (answer.kind === 'refuse') throw new Error(answer.message);
      expect(book.pricesOf(answer.modelId)).toMatchObject({ source: 'policy' });
    }
  });
});
