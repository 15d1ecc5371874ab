import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { bundleFunctions } from '../supply-chain/bundle.js';
import { type Bundled, thirdPartyLicenses } from '../supply-chain/licenses.js';
import { bundleCommandLine } from './bundle-command-line.js';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

interface Library {
  /** Its folder in `dist`. */
  readonly name: string;
  readonly entry: string;
  readonly format: 'cjs' | 'esm';
}

/** As one file. Packages stay outside: who uses it has them, and shares them with it. */
async function buildLibrary({ name, entry, format }: Library): Promise<Metafile> {
  const folder = join(DIST, name);
  mkdirSync(folder, { recursive: true });
  const isCommonJs = format === 'cjs';
  if (isCommonJs) writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  const options: BuildOptions = {
    entryPoints: [join(ROOT, entry)],
    outfile: join(folder, entry.replace(/\.ts$/, '.js')),
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format,
    // What CommonJS calls them.
    define: isCommonJs
      ? { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' }
      : {},
    logLevel: 'warning',
  };
  return (await build({ ...options, metafile: true })).metafile;
}

/**
 * What Node loads instead of the client itself, whose first missing peer would end the import with
 * the name of one file of ours. Bundlers take the client: they name all that is missing themselves.
 */
function writeChecks(folder: string, { outputs }: Metafile): void {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [{ imports = [], exports = [] } = {}] = Object.values(outputs);
  const packages = imports
    .filter(({ path }) => !isBuiltin(path))
    .map(({ path }) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'));
  const peers = [...new Set(packages)].filter((name) => !Object.hasOwn(dependencies, name)).sort();
  const write = (file: string, lines: readonly string[]) =>
    writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
  write('peers.cjs', [
    "'use strict';",
    `const missing = ${JSON.stringify(peers)}.filter((name) => {`,
    '  try {',
    '    require.resolve(name);',
    '  } catch ({ code }) {',
    "    return code === 'MODULE_NOT_FOUND'; // and not that it is for import only",
    '  }',
    '});',
    'if (missing.length > 0) {',
    "  const sentence = 'mistral-governance/client needs packages that are not installed: run npm install ';",
    "  throw new Error(sentence + missing.join(' '));",
    '}',
  ]);
  const [check, client] = [JSON.stringify('./peers.cjs'), JSON.stringify('./client/index.js')];
  write('checked.js', [
    `import ${check};`,
    `export const { ${exports.join(', ')} } = await import(${client});`,
  ]);
  write('checked.cjs', [
    "'use strict';",
    `require(${check});`,
    `module.exports = require(${client});`,
  ]);
}

/** Each as a deploy makes it. */
async function writeFunctions(outdir: string): Promise<Bundled> {
  const bundles = await bundleFunctions();
  mkdirSync(outdir, { recursive: true });
  for (const [name, { code }] of bundles) writeFileSync(join(outdir, `${name}.mjs`), code);
  return new Map(
    [...bundles].map(([name, { packages }]) => [name, packages.map(({ folder }) => folder)]),
  );
}

/** Of all libraries in one go, since they share most of what they are made of. */
function writeTypes(libraries: readonly Library[]): void {
  const types = join(DIST, 'types');
  const project = join(types, 'tsconfig.json');
  const fromHere = (path: string) => relative(types, join(ROOT, path));
  const config = {
    extends: fromHere('tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: fromHere('.'),
      outDir: '.',
    },
    files: libraries.map(({ entry }) => fromHere(entry)),
    include: [],
  };
  mkdirSync(types);
  writeFileSync(project, JSON.stringify(config));
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], {
    stdio: 'inherit',
  });
  for (const { name, entry } of libraries) copyReached(types, typesOf(entry), join(DIST, name));
  rmSync(types, { recursive: true });
}

/** The compiler writes the types of every file that it read, though most are private. */
function copyReached(from: string, entry: string, to: string): void {
  const reached = new Set([entry]);
  for (const file of reached) {
    const text = readFileSync(join(from, file), 'utf8');
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), text);
    const imports = text.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+\.js)['"]/g);
    for (const [, path = ''] of imports) reached.add(typesOf(join(dirname(file), path)));
  }
}

function typesOf(source: string): string {
  return source.replace(/\.[jt]s$/, '.d.ts');
}

const LIBRARIES: readonly Library[] = [
  { name: 'cdk', entry: 'lib/cdk.ts', format: 'cjs' },
  { name: 'client', entry: 'client/index.ts', format: 'esm' },
];

rmSync(DIST, { recursive: true, force: true });
for (const library of LIBRARIES) {
  const metafile = await buildLibrary(library);
  if (library.name === 'client') writeChecks(join(DIST, library.name), metafile);
}
writeTypes(LIBRARIES);
const commandLine = await bundleCommandLine(join(DIST, 'cli/main.js'));
const functions = await writeFunctions(join(DIST, 'cdk/functions'));
writeFileSync(
  join(DIST, 'THIRD-PARTY-LICENSES.txt'),
  thirdPartyLicenses(new Map([...functions, ['the command line', commandLine]])),
);
