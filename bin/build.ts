import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { BUNDLING } from '../lib/platform/bundling.js';
import { bundleCommandLine } from './bundle-command-line.js';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

interface Library {
  /** Its folder in `dist`. */
  readonly name: string;
  readonly entry: string;
  readonly format: 'cjs' | 'esm';
}

/** One file and its types. Packages stay outside: the app has them and shares them. */
async function buildLibrary({ name, entry, format }: Library): Promise<void> {
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
    // Their names in CommonJS.
    define: isCommonJs
      ? { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' }
      : {},
    logLevel: 'warning',
  };
  await build(options);
  writeTypes(folder, entry);
}

/** Each as a deploy makes it; esbuild reads once what several import. */
async function bundleFunctions(outdir: string): Promise<void> {
  const entryPoints = readdirSync(join(ROOT, 'lambdas'))
    .map((folder) => ({ in: join(ROOT, 'lambdas', folder, 'entry.ts'), out: folder }))
    .filter((entry) => existsSync(entry.in));
  await build({ ...BUNDLING, entryPoints, outdir, outExtension: { '.js': '.mjs' } });
}

function writeTypes(folder: string, entry: string): void {
  const project = join(folder, 'tsconfig.json');
  const fromHere = (path: string) => relative(folder, join(ROOT, path));
  const config = {
    extends: fromHere('tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: fromHere('.'),
      outDir: '.',
    },
    files: [fromHere(entry)],
    include: [],
  };
  writeFileSync(project, JSON.stringify(config));
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], {
    stdio: 'inherit',
  });
  rmSync(project);
  removeUnreached(folder, join(folder, entry.replace(/\.ts$/, '.d.ts')));
}

/** The compiler writes the types of every file that it reads, although most are private. */
function removeUnreached(folder: string, entry: string): void {
  const reached = new Set<string>();
  const queue = [entry];
  for (const file of queue) {
    if (reached.has(file)) continue;
    reached.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(
      /(?:from|import)\s*\(?['"](\.[^'"]+)\.js['"]/g,
    );
    queue.push(...[...imports].map(([, path = '']) => join(dirname(file), `${path}.d.ts`)));
  }
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path);
    if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
  }
  removeEmptyFolders(folder);
}

function removeEmptyFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

rmSync(DIST, { recursive: true, force: true });
await buildLibrary({ name: 'cdk', entry: 'lib/cdk.ts', format: 'cjs' });
await buildLibrary({ name: 'client', entry: 'client/index.ts', format: 'esm' });
await bundleCommandLine(join(DIST, 'cli/main.js'));
await bundleFunctions(join(DIST, 'cdk/functions'));
