import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, violations } from './support/layers.js';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = [
  'examples',
  'bin',
  'lib',
  'lambdas',
  'client',
  'gateway-server',
  'local',
  'bench',
  'e2e',
  'supply-chain',
  'cli',
];
const LONGEST_LINES = 250;
const LONGER: Readonly<Record<string, string>> = {
  'testing/fakes/mistral-server.ts':
    'one route a few lines: a reader compares it with the API page by page',
};
const SAYS_NOTHING = ['utils', 'helpers', 'common', 'shared', 'misc', 'types', 'constants'];

function filesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      posix.join(folder, parentPath.slice(join(ROOT, folder).length), name),
    );
}

const sources = FOLDERS.flatMap(filesIn)
  .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

test('there is something to check', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap(({ file, text }) => importsOf(file, text)).length).toBeGreaterThan(400);
});

test('every source file keeps to what its layer may import', () => {
  expect(sources.flatMap(({ file, text }) => violations(file, text))).toEqual([]);
});

test('every import of this repository leads to a file', () => {
  const missing = sources.flatMap(({ file, text }) =>
    importsOf(file, text)
      .filter(
        ({ target }) =>
          /^(?!dist\/)[\w-]+\/.*\.ts$/.test(target) && !existsSync(join(ROOT, target)),
      )
      .map(({ target }) => `${file} imports ${target}`),
  );
  expect(missing).toEqual([]);
});

test('every source file can be read at one go', () => {
  const long = sources
    .filter(({ text }) => text.split('\n').length - 1 > LONGEST_LINES)
    .map(({ file }) => file);
  expect(long).toEqual(Object.keys(LONGER));
});

test('no file and no folder has a name that says nothing', () => {
  const names = [...sources.map(({ file }) => file), ...filesIn('test'), ...filesIn('docs')];
  expect(names.filter((file) => saysNothing(file))).toEqual([]);
});

function saysNothing(file: string): boolean {
  return file.split('/').some((part) => SAYS_NOTHING.includes(part.replace(/\..*$/, '')));
}

describe('the check itself', () => {
  test.each([
    ["import { a } from '../adapters/journal.js';", 'governance/keys/journal.aws.ts', false],
    ["import type { A } from '../adapters/journal.js';", 'governance/keys/journal.aws.ts', true],
    ["import { type A } from '../adapters/journal.js';", 'governance/keys/journal.aws.ts', false],
    ["import {\n  a,\n  b as c,\n} from '../adapters/x.js';", 'lambdas/adapters/x.ts', false],
    ["import * as z from 'zod';", 'zod', false],
    ["import fc, { type B } from 'fast-check';", 'fast-check', false],
    ["import './handler.js';", 'lambdas/domain/handler.ts', false],
    ["export * from './policy.js';", 'governance/policy/policy.ts', false],
    ["export { a } from './policy.js';", 'governance/policy/policy.ts', false],
    ["export type { A } from './policy.js';", 'governance/policy/policy.ts', true],
    ["const a = await import('node:fs');", 'node:fs', false],
    ["const a = require('node:fs');", 'node:fs', false],
    ['const a = await import(`node:fs`);', 'node:fs', false],
    ['const a = await import(name);', 'what it computes', false],
    ["type A = import('./policy.js').Policy;", 'governance/policy/policy.ts', false],
  ])('reads %s', (source, target, typeOnly) => {
    expect(importsOf('lambdas/domain/x.ts', `\n${source}\n`)).toEqual([{ target, typeOnly }]);
  });

  test.each([
    "// import { a } from '../adapters/journal.js';",
    "/**\n * import('x')\n */",
    "const sentence = 'import the key from there';",
    "export const from = 'there';",
    "export interface Imported { readonly from: 'x' }",
  ])('sees no import in %s', (source) => {
    expect(importsOf('lambdas/domain/x.ts', source)).toEqual([]);
  });

  test.each([
    ['lambdas/domain/x.ts', "import { join } from 'node:path';", 'node:path'],
    ['lambdas/domain/audit/x.ts', "import type { J } from '../../adapters/j.js';", 'adapters/j.ts'],
    ['lambdas/domain/x.ts', "import { S } from '@aws-sdk/client-sns';", '@aws-sdk/client-sns'],
    ['lambdas/domain/x.ts', "import '../revoke-key/handler.js';", 'revoke-key/handler.ts'],
    ['lambdas/adapters/x.ts', "import type { A } from '../revoke-key/handler.js';", 'handler.ts'],
    ['lambdas/adapters/x.ts', "import { L } from '@aws-lambda-powertools/logger';", 'powertools'],
    ['lambdas/adapters/x.ts', "import { App } from 'aws-cdk-lib';", 'aws-cdk-lib'],
    ['lambdas/revoke-key/handler.ts', "import { a } from '../adapters/j.js';", 'adapters/j.ts'],
    ['lambdas/revoke-key/handler.ts', "export * from '../tell-on-call/env.js';", 'tell-on-call'],
    ['lambdas/revoke-key/handler.ts', "import { S } from '@aws-sdk/client-sns';", 'client-sns'],
    ['lambdas/revoke-key/handler.ts', "import { r } from 'node:fs';", 'node:fs'],
    ['lambdas/revoke-key/handler.ts', "import { h } from './entry.js';", 'entry.ts'],
    ['lambdas/revoke-key/handler.ts', "import { m } from '../metering/m.js';", 'metering/m.ts'],
    ['lambdas/revoke-key/entry.ts', "import { h } from '../tell-on-call/handler.js';", 'tell-on'],
    ['lambdas/revoke-key/entry.ts', "import { L } from '../../lib/load-policy.js';", 'lib/load'],
    ['lambdas/metering/x.ts', "import { j } from '../adapters/j.js';", 'adapters/j.ts'],
    ['lambdas/metering/x.ts', "import { D } from '@aws-sdk/client-dynamodb';", 'dynamodb'],
    ['lambdas/metering/x.ts', "import { g } from '../gateway/gateway.js';", 'gateway/gateway.ts'],
    ['lambdas/gateway/x.ts', "import { j } from '../adapters/j.js';", 'adapters/j.ts'],
    ['lambdas/gateway/sub/x.ts', "import { a } from '../../revoke-key/env.js';", 'revoke-key/env'],
    ['client/index.ts', "export { g } from '../gateway/gateway.js';", 'gateway.ts'],
    [
      'client/index.ts',
      "import { l } from '../lib/platform/load-policy.js';",
      'lib/platform/load-policy.ts',
    ],
    ['gateway/server/main.ts', "import { s } from '../lib/governance-stack.js';", 'stack.ts'],
    ['gateway/server/main.ts', "import { w } from '../testing/world.js';", 'testing/world.ts'],
    ['gateway/server/main.ts', "import express from 'express';", 'express'],
    ['lib/x.ts', "import { judge } from '../governance/keys/retirement.js';", 'retirement.ts'],
    ['lib/x.ts', "import type { K } from '../governance/mistral/key-source.js';", 'key-source.ts'],
    ['lib/x.ts', "import { schema } from '../lambdas/revoke-key/env.js';", 'revoke-key/env.ts'],
    ['lib/x.ts', "import { w } from '../testing/world.js';", 'testing/world.ts'],
    [
      'examples/x/x.ts',
      "import { l } from '../../lib/load-policy.js';",
      'lib/platform/load-policy.ts',
    ],
    ['bin/x.ts', "import type { P } from '../governance/policy/policy.js';", 'domain/policy.ts'],
    ['local/x.ts', "import { aPolicy } from './support/builders.js';", 'builders.ts'],
    ['local/x.ts', "import { b } from '../bench/main.js';", 'bench/main.ts'],
    ['local/x.ts', "import { h } from '../lambdas/revoke-key/entry.js';", 'entry.ts'],
    ['cli/x.ts', "import { s } from '../lib/governance-stack.js';", 'governance-stack.ts'],
    ['cli/x.ts', "import { g } from '../gateway/gateway.js';", 'gateway/gateway.ts'],
    ['cli/x.ts', "import { f } from '../testing/fakes/mistral-server.js';", 'mistral-server.ts'],
    ['src/x.ts', '', 'is in no layer'],
    ['lambdas/x.ts', '', 'is in no layer'],
  ])('reports in %s: %s', (file, source, named) => {
    expect(violations(file, source)).toEqual([expect.stringContaining(named)]);
  });

  test.each([
    ['lambdas/domain/audit/x.ts', "import { utcDay } from '../utc-day.js';"],
    ['lambdas/adapters/x.ts', "import { SNSClient } from '@aws-sdk/client-sns';"],
    ['lambdas/revoke-key/handler.ts', "import type { J } from '../adapters/journal.js';"],
    ['lambdas/revoke-key/entry.ts', "import { L } from '@aws-lambda-powertools/logger';"],
    ['lambdas/gateway/x.ts', "import { m } from '../metering/meter.js';"],
    ['lambdas/metering/x.ts', "import type { J } from '../adapters/journal.js';"],
    ['client/index.ts', "import { m } from '../governance/quotas/meter.js';"],
    ['gateway/server/main.ts', "import { l } from '../lib/platform/load-policy.js';"],
    ['cli/x.ts', "import { o } from '../gateway/overflow.js';"],
    ['lib/x.ts', "import type { Story } from '../lambdas/tell-on-call/handler.js';"],
    ['local/x.ts', "import { h } from '../lambdas/revoke-key/handler.js';"],
    ['bench/x.ts', "import { aPolicy } from './support/builders.js';"],
  ])('lets %s: %s', (file, source) => {
    expect(violations(file, source)).toEqual([]);
  });

  test.each(['lib/utils.ts', 'lambdas/common/x.ts', 'lib/types.d.ts', 'test/support/helpers.ts'])(
    'knows that %s says nothing',
    (file) => expect(saysNothing(file)).toBe(true),
  );

  test('takes no name for empty that only contains such a word', () => {
    expect(saysNothing('lambdas/domain/shared-quota.ts')).toBe(false);
  });
});
