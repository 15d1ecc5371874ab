import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { BUNDLING } from '../lib/platform/bundling.js';

export interface Bundle {
  readonly code: Uint8Array;
  /** The npm packages that have code in it, by the folder they are installed in, sorted. */
  readonly packages: readonly BundledPackage[];
  /** The folders of the packages that our own code imports. */
  readonly imports: readonly string[];
}

export interface BundledPackage {
  /** Below the repository's root; the key of `package-lock.json`. */
  readonly folder: string;
  readonly name: string;
  /** The folders of the bundled packages that it imports. */
  readonly imports: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');
const LAMBDAS = join(ROOT, 'lambdas');
const OURS = '';

/** The folder of every function that is deployed. */
export function functionFolders(): string[] {
  const entries = readdirSync(LAMBDAS, { recursive: true, encoding: 'utf8' });
  return entries.flatMap((path) => {
    const [folder, file, ...deeper] = path.split(sep);
    return folder && file === 'entry.ts' && deeper.length === 0 ? [folder] : [];
  });
}

/** The code of a function as deployed. */
export function bundleFunction(folder: string): Promise<Bundle> {
  return bundle(entryOf(folder));
}

/** The same of every function, by its folder: esbuild reads once what several import. */
export async function bundleFunctions(): Promise<ReadonlyMap<string, Bundle>> {
  const folders = functionFolders();
  const bundles = await bundleEach(folders.map(entryOf));
  return new Map(folders.map((folder) => [folder, found(bundles, entryOf(folder))]));
}

function entryOf(folder: string): string {
  return join(LAMBDAS, folder, 'entry.ts');
}

/** Any script, bundled like a function. */
export async function bundle(entryPoint: string): Promise<Bundle> {
  return found(await bundleEach([entryPoint]), entryPoint);
}

function found(bundles: ReadonlyMap<string, Bundle>, entryPoint: string): Bundle {
  const made = bundles.get(relative(ROOT, entryPoint));
  if (!made) throw new Error(`esbuild made nothing of ${entryPoint}`);
  return made;
}

/** By entry point, below the repository's root. */
async function bundleEach(entryPoints: string[]): Promise<ReadonlyMap<string, Bundle>> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    absWorkingDir: ROOT,
    entryPoints,
    outdir: ROOT,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return new Map(
    outputFiles.flatMap(({ path, contents }) => {
      const { entryPoint, inputs } = metafile.outputs[relative(ROOT, path)] ?? {};
      return entryPoint && inputs
        ? [[entryPoint, bundleOf(contents, inputs, importsBetween(metafile, entryPoint))]]
        : [];
    }),
  );
}

type Inputs = Metafile['outputs'][string]['inputs'];

/** The folders of the npm packages that have code in an output. */
export function packageFolders(inputs: Inputs): ReadonlySet<string> {
  const withCode = Object.entries(inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => folderOf(path));
  return new Set(withCode.filter((folder) => folder !== OURS));
}

function bundleOf(
  code: Uint8Array,
  inputs: Inputs,
  imported: ReadonlyMap<string, ReadonlySet<string>>,
): Bundle {
  const bundled = packageFolders(inputs);
  const importsOf = (folder: string) => [...reached(folder, imported, bundled)].sort();
  return {
    code,
    packages: [...bundled].sort().map((folder) => ({
      folder,
      name: folder.replace(/.*\bnode_modules\//, ''),
      imports: importsOf(folder),
    })),
    imports: importsOf(OURS),
  };
}

/** Which package folders each one's files import, of all that an entry point leads to. */
function importsBetween(
  { inputs }: Metafile,
  entryPoint: string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const imported = new Map<string, Set<string>>();
  const paths = new Set([entryPoint]);
  for (const path of paths) {
    const from = folderOf(path);
    const targets = imported.get(from) ?? new Set();
    for (const { path: target, external } of inputs[path]?.imports ?? []) {
      if (external) continue;
      paths.add(target);
      if (folderOf(target) !== from) targets.add(folderOf(target));
    }
    imported.set(from, targets);
  }
  return imported;
}

/** The bundled packages that one imports, also through a package without code in the bundle. */
function reached(
  folder: string,
  imported: ReadonlyMap<string, ReadonlySet<string>>,
  bundled: ReadonlySet<string>,
): Set<string> {
  const found = new Set<string>();
  const seen = new Set([folder]);
  const visit = (from: string) => {
    for (const target of imported.get(from) ?? []) {
      if (seen.has(target) || target === OURS) continue;
      seen.add(target);
      if (bundled.has(target)) found.add(target);
      else visit(target);
    }
  };
  visit(folder);
  return found;
}

/** The folder of a file's package, or `OURS`. */
function folderOf(path: string): string {
  return /.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? OURS;
}
