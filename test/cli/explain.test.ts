import { describe, expect, test } from 'vitest';
import { explain } from '../../cli/access/explanation.js';
import { callingArn, openAccess } from '../../cli/access/gateway-rules.js';
import { authorizeRequest } from '../../governance/access/authorize.js';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { aPolicy, usePricesTimes } from '../support/builders.js';
import { documentOf, NOW, runCli } from './run-cli.js';

const ROLE = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

describe('explain', () => {
  test('says by which rule a model is allowed', async () => {
    const args = ['explain', ROLE('analyst'), 'mistral-small-latest', '--tokens', '400'];
    const { status, stdout, stderr } = await runCli(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ allowed$/m);
    expect(stdout).toMatch(/^ {2}rule +callers\[0\] .*role\/analyst$/m);
    expect(stdout).toMatch(/^ {2}model +mistral-small-latest, an alias of mistral-small-2603$/m);
    expect(stdout).toMatch(/^ {2}max tokens +up to 500 per request, requested: 400$/m);
    expect(stdout).toMatch(/^ +500\.00 USD per month$/m);
  });

  test('says why a model is rejected, with the code of the gateway', async () => {
    const session = 'arn:aws:sts::111122223333:assumed-role/developer/ana';
    const args = ['explain', session, 'mistral-large-latest', '--endpoint', 'fim', '--json'];
    const run = await runCli(args);
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 1, stderr: '' });
    expect(documentOf(run)).toMatchObject({
      allowed: false,
      refusal: { code: 'model_not_allowed' },
      callerArn: session,
      rule: { path: 'callers[1]', role: 'developer' },
      allowedBy: { role: [], workspace: [] },
    });
  });

  test('says of a model that it does not know that the deployed gateway asks Mistral', async () => {
    const { stdout } = await runCli(['explain', ROLE('platform-admin'), 'mistral-huge-2612']);
    expect(stdout).toMatch(
      /^ {2}model +mistral-huge-2612, which neither price list nor policy has: the deployed gateway asks Mistral$/m,
    );
  });

  test('names the closest rule where none matches, and how it differs', async () => {
    const { stdout } = await runCli(['explain', ROLE('analist'), 'mistral-small-latest']);
    expect(stdout).toMatch(/^ {2}rule +none of the policy's callers matches$/m);
    expect(stdout).toMatch(/^ +closest: callers\[0\] \S+:role\/analyst, which has another name$/m);
  });

  test('shortens a long list of allowed models', async () => {
    const { stdout } = await runCli(['explain', ROLE('platform-admin'), 'gpt-5']);
    const [verdict = ''] = stdout.split('\n');
    expect(verdict).toMatch(/: allowed are (\S+, ){7}\S+ and \d+ more$/);
  });

  test('fails for a caller that is not an ARN', async () => {
    const { status, stderr } = await runCli(['explain', 'ana', 'mistral-small-latest']);
    expect(status).toBe(2);
    expect(stderr).toContain('caller "ana" is not an IAM ARN: allowed are');
  });
});

describe('an explanation', () => {
  const policy = aPolicy((document) => {
    document.callers.push({
      principal: 'arn:aws:iam::111122223333:role/*',
      role: 'analyst',
      workspace: 'dev-workspace',
    });
    document.workspaces[2].overflowTo = ['dev-workspace', 'ml-workspace'];
    document.workspaces[0].budgets = { monthlyUsd: 0.01 };
    document.prices = { unknownModel: 'refuse' };
    usePricesTimes(10, document);
  });
  const ask = (caller: string, model: string, maxTokens?: number) =>
    explain(policy, { callerArn: callingArn(caller), model, maxTokens, endpoint: 'chat' }, NOW);

  test('names the limit to which a role lowers a request for more', async () => {
    const lowering = aPolicy((document) => {
      document.roles.analyst.overMaxTokens = 'cap';
    });
    const request = { callerArn: callingArn(ROLE('analyst')), model: 'mistral-small-latest' };
    const asked = { ...request, maxTokens: 9000, endpoint: 'chat' } as const;
    const { allowed, maxTokens } = await explain(lowering, asked, NOW);
    expect(allowed).toBe(true);
    expect(maxTokens).toEqual({ asked: 9000, allowed: 500, loweredTo: 500 });
  });

  test.each(['own', 'workspace'] as const)('says whether files are shared (%s)', async (shared) => {
    const sharing = aPolicy((document) => {
      document.roles.analyst.sharedObjects = shared;
    });
    const request = { callerArn: callingArn(ROLE('analyst')), model: 'mistral-small-latest' };
    const asked = { ...request, maxTokens: undefined, endpoint: 'chat' } as const;
    expect((await explain(sharing, asked, NOW)).sharesObjects).toBe(shared === 'workspace');
  });

  describe('of a model that the policy prices, and no list has', () => {
    const NEXT = 'mistral-next';
    const pricing = aPolicy((document) => {
      document.prices = {
        models: { [NEXT]: { inputPerMillionTokens: 1, outputPerMillionTokens: 4 } },
      };
      document.roles.analyst.models = [NEXT];
      document.workspaces[1].models = '*';
    });
    const caller = callingArn(ROLE('analyst'));
    const request = { callerArn: caller, model: NEXT, maxTokens: 100, endpoint: 'chat' } as const;

    test('is that of the gateway: allowed, at the price of the policy', async () => {
      const explained = await explain(pricing, request, NOW);
      expect(explained).toMatchObject({ allowed: true, model: { asked: NEXT, id: NEXT } });
      expect(explained.reservesNanos).toBeLessThan(1e7);
      const book = createPriceBook(pricing);
      const live = [{ id: NEXT, aliases: ['mistral-next-2611'], contextTokens: undefined }];
      const access = compileAccess(pricing, createModelDirectory(live, book));
      for (const model of [NEXT, 'mistral-next-2611']) {
        // Under any name that Mistral gives it, it has the price of the policy.
        expect(access.models.resolve(model)).toBe(NEXT);
        expect(book.pricesOf(access.models.resolve(model) ?? '')?.source).toBe('policy');
      }
    });

    test('and where its role does not name it, says what is allowed and not that none serves it', async () => {
      const developer = { ...request, callerArn: callingArn(ROLE('developer')) };
      const { refusal } = await explain(pricing, developer, NOW);
      expect(refusal?.message).toContain(`model "${NEXT}" is not allowed`);
    });
  });

  test('names other patterns that match and are less specific', async () => {
    const { rule, overruled } = await ask(ROLE('deep/path/analyst'), 'mistral-small-latest');
    expect(rule?.path).toBe('callers[0]');
    expect(overruled.map(({ path }) => path)).toEqual(['callers[5]']);
  });

  test('names the workspaces that a request would overflow to, and what they lend', async () => {
    const small = await ask(ROLE('platform-admin'), 'mistral-small-latest');
    expect(small.overflowTo).toEqual(['dev-workspace', 'ml-workspace']);
    expect(small.lendsNanos).toEqual({ 'ml-workspace': 25_000_000_000 });
    const large = await ask(ROLE('platform-admin'), 'mistral-large-latest');
    expect(large.overflowTo).toEqual(['ml-workspace']);
  });

  test('says that both budgets count what overflows, and what is lent', async () => {
    const { stdout } = await runCli(['explain', ROLE('platform-admin'), 'mistral-small-latest']);
    expect(stdout).toContain(
      'ml-workspace (lends up to 25.00 USD a day); its cost counts in the budgets of both',
    );
  });

  test.each([
    ['another name', ROLE('developper'), 'callers[1]', ['name']],
    ['another account', ROLE('analyst').replace('1111', '9999'), 'callers[0]', ['account']],
    ['a user', ROLE('analyst').replace(':role/', ':user/'), 'callers[0]', ['kind']],
    ['account and name', 'arn:aws:iam::999988887777:role/ana', 'callers[0]', ['account', 'name']],
    ['another partition', ROLE('analyst').replace('aws', 'aws-cn'), 'callers[0]', ['partition']],
    ['the root', 'arn:aws:iam::111122223333:root', 'callers[0]', ['kind', 'name']],
  ])('names the rule that is closest to %s', async (_what, caller, path, differsIn) => {
    const specific = aPolicy();
    const request = { callerArn: callingArn(caller), model: 'x', maxTokens: 1 };
    const { closest, rule } = await explain(specific, { ...request, endpoint: 'chat' }, NOW);
    expect(rule).toBeUndefined();
    expect(closest).toMatchObject({ path, differsIn });
  });

  test('names no closest rule where one matches, or the policy has no callers', async () => {
    expect((await ask(ROLE('analyst'), 'mistral-small-latest')).closest).toBeUndefined();
    const empty = aPolicy((document) => {
      document.callers = [];
    });
    const request = { callerArn: callingArn(ROLE('analyst')), model: 'x', maxTokens: 1 };
    const explained = await explain(empty, { ...request, endpoint: 'chat' }, NOW);
    expect(explained).toMatchObject({ allowed: false, closest: undefined });
  });

  test.each([
    [
      'an unknown caller',
      'arn:aws:iam::999988887777:role/x',
      'mistral-small-latest',
      1,
      'unknown_caller',
    ],
    ['an unknown model', ROLE('platform-admin'), 'gpt-5', 1, 'model_not_allowed'],
    [
      'too many tokens',
      ROLE('platform-admin'),
      'mistral-small-latest',
      8001,
      'max_tokens_exceeded',
    ],
    ['no tokens', ROLE('platform-admin'), 'mistral-small-latest', 0, 'max_tokens_invalid'],
    [
      'more than the whole budget',
      ROLE('developer'),
      'mistral-small-latest',
      2000,
      'budget_exhausted',
    ],
  ])('of %s has a code of the gateway', async (_what, caller, model, maxTokens, code) => {
    const { allowed, refusal } = await ask(caller, model, maxTokens);
    expect({ allowed, code: refusal?.code }).toEqual({ allowed: false, code });
  });

  test('agrees with the gateway for every caller and model', async () => {
    const { access, priceBook } = openAccess(policy);
    const names = priceBook.models.flatMap(({ id, aliases }) => [id, ...aliases]);
    for (const { principal } of policy.callers) {
      const caller = callingArn(principal.replace('*', 'name'));
      for (const model of names) {
        const { allowed, refusal } = await ask(caller, model, 1);
        const decision = authorizeRequest(access, caller, { model, maxTokens: 1 });
        if (decision.kind === 'refuse') expect(refusal?.code).toBe(decision.code);
        else if (!allowed)
          expect(['budget_exhausted', 'model_not_priced']).toContain(refusal?.code);
      }
    }
  });
});
