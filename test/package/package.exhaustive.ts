import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { functionFolders } from '../../supply-chain/bundle.js';
import { importsOf } from '../support/floors.js';
import {
  type InstalledPackage,
  installPackage,
  manifestOf,
  ROOT,
  run,
} from './installed-package.js';

let installed: InstalledPackage;
beforeAll(() => {
  installed = installPackage();
});

const read = (file: string) => readFileSync(join(installed.folder, file), 'utf8');
const built = (extension: string) =>
  installed.files.filter((file) => file.startsWith('dist/') && file.endsWith(extension));

describe('the package', () => {
  test('has the built files, the documents, and nothing else', () => {
    const others = installed.files.filter((file) => !file.startsWith('dist/'));
    const isPage = (file: string) =>
      /^docs\/((decisions\/)?[^/]+\.md|events\/[^/]+\.json)$/.test(file);
    expect(others.filter(isPage)).toContain('docs/runbook.md');
    expect(others.filter((file) => !isPage(file))).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/mistral-governance.js',
      'docs/deploy-policy.json',
      'docs/governance.schema.json',
      'examples/operator.yaml',
      'governance.yaml',
      'package.json',
    ]);
    expect([...built('.js'), ...built('.json')]).toEqual([
      'dist/cdk/lib/cdk.js',
      'dist/cli/main.js',
      'dist/client/checked.js',
      'dist/client/client/index.js',
      'dist/cdk/package.json',
    ]);
    expect(built('.txt')).toEqual(['dist/THIRD-PARTY-LICENSES.txt']);
    expect(built('.cjs')).toEqual(['dist/client/checked.cjs', 'dist/client/peers.cjs']);
    expect(built('.mjs')).toEqual(
      functionFolders().map((folder) => `dist/cdk/functions/${folder}.mjs`),
    );
    expect(
      installed.files.filter((file) => /test|e2e|local|bench|fakes/.test(file) && !isPage(file)),
    ).toEqual([]);
  });

  test('has every file that it imports, and no types that nothing leads to', () => {
    const imported = new Set(['dist/cdk/lib/cdk.d.ts', 'dist/client/client/index.d.ts']);
    for (const file of built('.d.ts')) {
      for (const { target } of importsOf(file, read(file))) {
        if (target.startsWith('dist/')) imported.add(target.replace(/\.ts$/, '.d.ts'));
      }
    }
    expect([...imported].sort()).toEqual(built('.d.ts').sort());
  });

  test('imports only its declared dependencies; the command line is bundled', () => {
    const { dependencies, peerDependencies } = manifestOf(installed.folder);
    const known = Object.keys({ ...dependencies, ...peerDependencies });
    const libraries = [...built('.js'), ...built('.d.ts')].filter(
      (file) => !file.startsWith('dist/cli/'),
    );
    const used = libraries.flatMap((file) =>
      importsOf(file, read(file)).map(({ target }) => target),
    );
    const packages = used.filter((target) => !target.startsWith('dist/') && !isBuiltin(target));
    expect([...new Set(packages.map(packageName))].sort()).toEqual(known.sort());
  });
});

/** What the example's policy does without: it has the Admin API, no secret from before, and no service to restart. */
const UNUSED = ['provide-secret', 'refresh-consumers', 'request-keys', 'verify-deletion'];

describe('an app that installed it', () => {
  test('compiles', () => {
    expect(run(installed.app, 'node', 'node_modules/typescript/bin/tsc')).toBe('');
  });

  test('synthesizes, with the functions as they were built', () => {
    const { app, folder } = installed;
    const env = ['CDK_OUTDIR=cdk.out', 'CDK_VALIDATION=false']; // `npm run pack:try` has it on
    run(app, 'env', ...env, 'node', '--import', 'tsx', 'app.ts');
    const bundles = readdirSync(join(app, 'cdk.out'))
      .filter((name) => name.startsWith('asset.'))
      .map((name) => join(app, 'cdk.out', name))
      .filter((asset) => readdirSync(asset).includes('policy.json'));
    const made = bundles.map((asset) => readFileSync(join(asset, 'index.mjs'), 'utf8'));
    const unused = built('.mjs').filter(
      (file) => !made.includes(readFileSync(join(folder, file), 'utf8')),
    );
    expect(unused).toEqual(UNUSED.map((folder) => `dist/cdk/functions/${folder}.mjs`));
    expect(made).toHaveLength(built('.mjs').length - UNUSED.length);
  });

  test.each([
    ['cjs', "const { MistralGovernance, loadPolicy } = require('mistral-governance/cdk');"],
    ['mjs', "import { MistralGovernance, loadPolicy } from 'mistral-governance/cdk';"],
  ])('may be JavaScript, .%s', (extension, imports) => {
    const script = `app-${extension}.${extension}`;
    writeFileSync(
      join(installed.app, script),
      `${imports}
console.log(typeof MistralGovernance, loadPolicy('governance.yaml').workspaces[0].name);
`,
    );
    expect(run(installed.app, 'node', script)).toBe('function search-workspace\n');
  });

  test('has the command line', () => {
    const { version } = manifestOf(installed.folder);
    const bin = 'node_modules/mistral-governance/bin/mistral-governance.js';
    expect(run(installed.app, 'node', bin, '--version')).toBe(`${version}\n`);
  });

  test('may use the client library from either', () => {
    const script = `const required = require('mistral-governance/client');
import('mistral-governance/client').then((imported) => {
  console.log(...[required, imported].map((client) => typeof client.createGovernedMistral));
});`;
    expect(run(installed.app, 'node', '--input-type=commonjs', '-e', script)).toBe(
      'function function\n',
    );
  });
});

describe('the client library in an app without its peers', () => {
  const [SOME, ALL] = [['@mistralai/mistralai', '@aws-sdk/client-dynamodb'], clientPeers()];
  const forms = {
    import: "await import('mistral-governance/client');",
    require: "require('mistral-governance/client');",
  };

  test.each([
    ['import', [], ALL],
    ['require', [], ALL],
    ['import', SOME, ALL.filter((name) => !SOME.includes(name))],
  ] as const)('fails at %s with %j, naming what is missing', (form, present, missing) => {
    const app = mkdtempSync(join(tmpdir(), 'without-peers-'));
    const modules = join(app, 'node_modules');
    cpSync(installed.folder, join(modules, 'mistral-governance'), { recursive: true });
    for (const name of ['yaml', 'zod', ...present]) {
      mkdirSync(join(modules, name, '..'), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
    }
    const type = form === 'import' ? 'module' : 'commonjs';
    const args = [`--input-type=${type}`, '-e', forms[form]];
    const { status, stderr } = spawnSync('node', args, { cwd: app, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([
      `Error: mistral-governance/client needs packages that are not installed: run npm install ${missing.join(' ')}`,
    ]);
  });
});

function clientPeers(): string[] {
  const { peerDependencies } = manifestOf(ROOT);
  const ofConstructs = ['aws-cdk-lib', 'constructs'];
  return Object.keys(peerDependencies).filter((name) => !ofConstructs.includes(name));
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join(posix.sep);
}

test('a checkout has the command line without being built', () => {
  const [command, version] = ['bin/mistral-governance.js', manifestOf(ROOT).version];
  expect(run(ROOT, 'node', command, '--version')).toBe(`${version}\n`);
});
