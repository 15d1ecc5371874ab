import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { PRICES_PARTITION } from '../../governance/prices/billed-prices.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { counterKey } from '../../governance/quotas/shards.js';
import { dailyTokensOf, quotasOf } from '../../governance/quotas/workspace-quotas.js';
import { MistralGovernance } from '../../lib/mistral-governance.js';
import { aPolicy } from '../support/builders.js';
import { testApp } from '../support/synth.js';

/** A service that holds a key of one workspace writes its counters by itself. */
const policy = aPolicy((document) => {
  document.prices = { source: 'bill' };
});
const stack = new Stack(testApp(), 'Team', {
  env: { account: '111122223333', region: 'eu-west-1' },
});
const governance = new MistralGovernance(stack, 'Keys', { policy });
const service = new iam.Role(stack, 'Service', { assumedBy: new iam.AnyPrincipal() });
governance.grantMeter(service, 'dev-workspace');
const statements: readonly Record<string, never>[] = Object.entries(
  Template.fromStack(stack).findResources('AWS::IAM::Policy'),
)
  .filter(([id]) => id.startsWith('Service'))
  .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);

function may(action: string, key: string): boolean {
  return statements.some(({ Action, Condition }) => {
    const patterns = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? [];
    const isNamed = [patterns].flat().some((one: string) => matches(one, key));
    return [Action].flat().includes(action as never) && isNamed;
  });
}

/** As IAM's StringLike. */
function matches(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  return rest.length === 0 ? value === pattern : value.startsWith(first);
}

const CALLERS = policy.callers.flatMap(({ principal }, at) => {
  const arn = principal.replaceAll('*', `someone-${at}`);
  return [arn, arn.replace(/:iam::(\d+):role\/(.*\/)?(.+)$/, ':sts::$1:assumed-role/$3/session')];
});

test('a service writes the daily tokens of callers of its own workspace alone', () => {
  const book = createPriceBook(policy);
  let own = 0;
  let others = 0;
  const access = compileAccess(policy, createModelDirectory(book.models, book));
  for (const arn of CALLERS) {
    const caller = access.callerOf(arn);
    if (caller.kind !== 'known' || !caller.dailyTokens) continue;
    const { pk } = counterKey(dailyTokensOf(caller.dailyTokens), '2026-11-29', 0);
    const isOwn = caller.access.workspace === 'dev-workspace';
    expect([pk, may('dynamodb:UpdateItem', pk)]).toEqual([pk, isOwn]);
    expect([pk, may('dynamodb:GetItem', pk)]).toEqual([pk, isOwn]);
    if (isOwn) own += 1;
    else others += 1;
  }
  expect(own).toBeGreaterThan(0);
  expect(others).toBeGreaterThan(0);
});

test('nor the counters of other workspaces, nor those that callers had before', () => {
  for (const workspace of policy.workspaces) {
    for (const quota of quotasOf(policy, workspace)) {
      const { pk } = counterKey(quota, '2026-11', 0);
      expect([pk, may('dynamodb:UpdateItem', pk)]).toEqual([
        pk,
        workspace.name === 'dev-workspace',
      ]);
    }
  }
  const former = 'quota#caller#arn:aws:sts::111122223333:assumed-role/analyst';
  expect(may('dynamodb:GetItem', former)).toBe(true);
  expect(may('dynamodb:UpdateItem', former)).toBe(false);
});

test('it reads the published prices, which the nightly audit alone writes', () => {
  expect(may('dynamodb:GetItem', PRICES_PARTITION)).toBe(true);
  expect(may('dynamodb:UpdateItem', PRICES_PARTITION)).toBe(false);
  expect(may('dynamodb:PutItem', PRICES_PARTITION)).toBe(false);
});
