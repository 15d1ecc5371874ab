import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circles, FLOORS, importsOf, violations } from './support/floors.js';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = [
  'governance',
  'gateway',
  'lambdas',
  'lib',
  'client',
  'cli',
  'bin',
  'testing',
  'demo',
  'e2e',
  'bench',
  'oracles',
  'supply-chain',
  'examples',
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

test('every import is from the same room or from a lower floor, types included', () => {
  expect(sources.flatMap(({ file, text }) => violations(file, text))).toEqual([]);
});

test('there are no import cycles, by types either', () => {
  expect(circles(sources)).toEqual([]);
});

test('every room of the house is there, and no folder of rules is outside of it', () => {
  const rooms = readdirSync(join(ROOT, 'governance')).map((name) => `governance/${name}`);
  expect(
    FLOORS.flat()
      .filter((room) => room.startsWith('governance/'))
      .sort(),
  ).toEqual(rooms.sort());
});

test('the folder of a function holds its story, how it is wired, its entry, and nothing else', () => {
  const parts = readdirSync(join(ROOT, 'lambdas')).map((folder) => ({
    folder,
    files: filesIn(`lambdas/${folder}`)
      .map((file) => posix.relative(`lambdas/${folder}`, file))
      .sort(),
  }));
  expect(parts.length).toBeGreaterThan(5);
  expect(parts).toEqual(
    parts.map(({ folder }) => ({ folder, files: ['entry.ts', 'handler.ts', 'wiring.ts'] })),
  );
});

const HTTP =
  /^(gateway|client|cli\/proxy|governance\/mistral)\/|^governance\/platform\/(outbound|stack-answer)\.ts$/;

test('only the gateway, the client library, the proxy, the room mistral, the way out and the answer to CloudFormation use HTTP', () => {
  const speakers = sources
    .filter(({ file }) => /^(governance|gateway|lambdas|client|cli|lib)\//.test(file))
    .filter(({ text }) => /\bfetch\(|from '(node:https?|undici)'/.test(text))
    .map(({ file }) => file);
  expect(speakers.filter((file) => !HTTP.test(file))).toEqual([]);
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

test('no source file is too long', () => {
  const long = sources
    .filter(({ text }) => text.split('\n').length - 1 > LONGEST_LINES)
    .map(({ file }) => file);
  expect(long).toEqual(Object.keys(LONGER));
});

test('no file and no folder has a meaningless name', () => {
  const names = [...sources.map(({ file }) => file), ...filesIn('test'), ...filesIn('docs')];
  expect(names.filter((file) => saysNothing(file))).toEqual([]);
});

test('no test has a time limit of its own, which a busy machine would break', () => {
  const limited = filesIn('test').filter((file) =>
    /\btimeout: \d|^\s*\}, [\d_]{4,}\);$/m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(limited).toEqual([]);
});

function saysNothing(file: string): boolean {
  return file.split('/').some((part) => SAYS_NOTHING.includes(part.replace(/\..*$/, '')));
}

describe('the check itself', () => {
  test.each([
    ["import { a } from '../keys/journal.js';", 'governance/keys/journal.ts', false],
    ["import type { A } from '../keys/journal.js';", 'governance/keys/journal.ts', true],
    ["import { type A } from '../keys/journal.js';", 'governance/keys/journal.ts', false],
    ["import {\n  a,\n  b as c,\n} from '../keys/x.js';", 'governance/keys/x.ts', false],
    ["import * as z from 'zod';", 'zod', false],
    ["import fc, { type B } from 'fast-check';", 'fast-check', false],
    ["import './handler.js';", 'governance/policy/handler.ts', false],
    ["export * from './policy.js';", 'governance/policy/policy.ts', false],
    ["export { a } from './policy.js';", 'governance/policy/policy.ts', false],
    ["export type { A } from './policy.js';", 'governance/policy/policy.ts', true],
    ["const a = await import('node:fs');", 'node:fs', false],
    ["const a = require('node:fs');", 'node:fs', false],
    ['const a = await import(`node:fs`);', 'node:fs', false],
    ['const a = await import(name);', 'what it computes', false],
    ["type A = import('./policy.js').Policy;", 'governance/policy/policy.ts', false],
  ])('reads %s', (source, target, typeOnly) => {
    expect(importsOf('governance/policy/x.ts', `\n${source}\n`)).toEqual([{ target, typeOnly }]);
  });

  test.each([
    "// import { a } from '../keys/journal.js';",
    "/**\n * import('x')\n */",
    "const sentence = 'import the key from there';",
    "export const from = 'there';",
    "export interface Imported { readonly from: 'x' }",
  ])('sees no import in %s', (source) => {
    expect(importsOf('governance/policy/x.ts', source)).toEqual([]);
  });

  const ABOVE = 'a floor imports none above';
  const BESIDE = 'rooms of one floor do not know each other';
  const OFF = 'no floor imports what stands beside them';
  test.each([
    ['governance/policy/x.ts', "import { a } from '../access/a.js';", 'access/a.ts', ABOVE],
    ['governance/keys/x.ts', "import type { F } from '../audit/f.js';", 'f.ts as type', ABOVE],
    ['governance/keys/operator/x.ts', "import type { F } from '../../audit/f.js';", 'f.ts', ABOVE],
    ['governance/audit/x.ts', "import { s } from '../spend/s.js';", 'spend/s.ts', BESIDE],
    ['governance/access/x.ts', "import type { M } from '../mistral/m.js';", 'm.ts', BESIDE],
    ['governance/audit/x.ts', "import { h } from '../../gateway/g.js';", 'gateway/g.ts', ABOVE],
    ['gateway/x.ts', "import { h } from '../lambdas/gateway/handler.js';", 'handler.ts', ABOVE],
    [
      'governance/policy/x.ts',
      "import { join } from 'node:path';",
      'node:path',
      'no package but zod',
    ],
    [
      'governance/keys/x.ts',
      "import type { S } from '@aws-sdk/client-sns';",
      'sns',
      'no package but zod',
    ],
    [
      'governance/keys/x.aws.ts',
      "import { App } from 'aws-cdk-lib';",
      'aws-cdk-lib',
      'speaks to AWS',
    ],
    ['governance/keys/x.ts', "import { l } from '../../lib/platform/l.js';", 'lib/platform', OFF],
    ['lambdas/revoke-key/handler.ts', "import { S } from '@aws-sdk/client-sns';", 'sns', 'handler'],
    ['lambdas/revoke-key/handler.ts', "import { r } from 'node:fs';", 'node:fs', 'handler'],
    ['lambdas/revoke-key/handler.ts', "import { h } from './entry.js';", 'entry.ts', 'an entry'],
    [
      'lambdas/revoke-key/wiring.ts',
      "import { h } from '../roll-back-key/handler.js';",
      'handler.ts',
      'no other',
    ],
    [
      'lambdas/revoke-key/handler.ts',
      "import { g } from '../../gateway/g.js';",
      'g.ts',
      'only its function',
    ],
    ['lambdas/revoke-key/entry.ts', "import { l } from '../../lib/platform/l.js';", 'l.ts', OFF],
    ['gateway/x.ts', "import { D } from '@aws-sdk/client-dynamodb';", 'dynamodb', 'knows no SDK'],
    ['gateway/server/main.ts', "import express from 'express';", 'express', 'entries and wiring'],
    ['client/index.ts', "export { g } from '../gateway/gateway.js';", 'gateway.ts', 'its wing'],
    ['client/index.ts', "import { l } from '../lib/platform/l.js';", 'l.ts', 'its wing'],
    [
      'lib/x.ts',
      "import { judge } from '../governance/keys/retirement.js';",
      'retirement.ts',
      'its wing',
    ],
    ['lib/x.ts', "import { w } from '../lambdas/revoke-key/wiring.js';", 'wiring.ts', 'its wing'],
    ['lib/x.ts', "import { w } from '../testing/world.js';", 'testing/world.ts', 'its wing'],
    [
      'cli/x.ts',
      "import { s } from '../lib/governance-stack.js';",
      'governance-stack.ts',
      'its wing',
    ],
    ['cli/x.ts', "import { s } from '../gateway/server/serve.js';", 'serve.ts', 'its wing'],
    [
      'cli/x.ts',
      "import { f } from '../testing/fakes/mistral-server.js';",
      'server.ts',
      'its wing',
    ],
    ['cli/x.ts', "import chalk from 'chalk';", 'chalk', 'docs/command-line.md'],
    ['cli/terminal/x.ts', "import { Command } from 'commander';", 'commander', 'on a terminal'],
    ['examples/x/x.ts', "import { l } from '../../lib/cdk.js';", 'lib/cdk.ts', 'its wing'],
    ['testing/x.ts', "import { d } from '../demo/main.js';", 'demo/main.ts', ABOVE],
    ['testing/x.ts', "import { b } from '../bench/main.js';", 'bench/main.ts', OFF],
    ['testing/x.ts', "import { h } from '../lambdas/revoke-key/entry.js';", 'entry.ts', 'an entry'],
    ['demo/x.ts', "import { e } from '../e2e/main.js';", 'e2e/main.ts', BESIDE],
    ['src/x.ts', '', 'src/x.ts', 'is in no room'],
    ['lambdas/x.ts', '', 'lambdas/x.ts', 'is in no room'],
    ['governance/x.ts', '', 'governance/x.ts', 'is in no room'],
  ])('reports in %s: %s', (file, source, named, rule) => {
    const found = violations(file, source);
    expect(found).toEqual([expect.stringContaining(named)]);
    expect(found).toEqual([expect.stringContaining(rule)]);
  });

  test.each([
    ['governance/audit/report/x.ts', "import { utcDay } from '../../platform/utc-day.js';"],
    ['governance/audit/x.ts', "import { s } from '../keys/operator/supplied-key.js';"],
    ['governance/keys/x.aws.ts', "import { SNSClient } from '@aws-sdk/client-sns';"],
    [
      'lambdas/revoke-key/handler.ts',
      "import type { J } from '../../governance/keys/journal.aws.js';",
    ],
    ['lambdas/revoke-key/wiring.ts', "import { L } from '@aws-lambda-powertools/logger';"],
    ['lambdas/gateway/handler.ts', "import { g } from '../../gateway/gateway.js';"],
    ['gateway/x.ts', "import { m } from '../governance/metering/metering.js';"],
    ['client/index.ts', "import { m } from '../governance/metering/metering.js';"],
    ['cli/x.ts', "import { o } from '../gateway/overflow.js';"],
    ['lib/x.ts', "import type { E } from '../lambdas/notify-on-call/wiring.js';"],
    ['testing/x.ts', "import { h } from '../lambdas/revoke-key/handler.js';"],
    ['demo/x.ts', "import { c } from '../cli/program.js';"],
    ['bench/x.ts', "import { aPolicy } from '../test/support/builders.js';"],
  ])('lets %s: %s', (file, source) => {
    expect(violations(file, source)).toEqual([]);
  });

  test('names every file of a circle, also one of types', () => {
    const files = [
      { file: 'lib/a.ts', text: "import type { B } from './b.js';" },
      { file: 'lib/b.ts', text: "import type { C } from './c.js';" },
      { file: 'lib/c.ts', text: "import { a } from './a.js';" },
    ];
    expect(circles(files)).toEqual(['lib/a.ts -> lib/b.ts -> lib/c.ts -> lib/a.ts']);
    expect(circles(files.slice(1))).toEqual([]);
  });

  test.each([
    'lib/utils.ts',
    'governance/common/x.ts',
    'lib/types.d.ts',
    'test/support/helpers.ts',
  ])('knows that %s says nothing', (file) => expect(saysNothing(file)).toBe(true));

  test('accepts a name that only contains such a word', () => {
    expect(saysNothing('governance/quotas/shared-quota.ts')).toBe(false);
  });
});
