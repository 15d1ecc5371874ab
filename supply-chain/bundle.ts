import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
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
  return bundle(join(LAMBDAS, folder, 'entry.ts'));
}

/** Any script, bundled like a function. */
export async function bundle(entryPoint: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    absWorkingDir: ROOT,
    entryPoints: [entryPoint],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const [file] = outputFiles;
  if (!output || !file) throw new Error(`esbuild has no output for ${entryPoint}`);
  const withCode = Object.entries(output.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => folderOf(path));
  const bundled = new Set(withCode.filter((folder) => folder !== OURS));
  const imported = importsBetween(metafile);
  const importsOf = (folder: string) => [...reached(folder, imported, bundled)].sort();
  return {
    code: file.contents,
    packages: [...bundled].sort().map((folder) => ({
      folder,
      name: folder.replace(/.*\bnode_modules\//, ''),
      imports: importsOf(folder),
    })),
    imports: importsOf(OURS),
  };
}

/** Which package folders each one's files import. */
function importsBetween({ inputs }: Metafile): ReadonlyMap<string, ReadonlySet<string>> {
  const imported = new Map<string, Set<string>>();
  for (const [path, { imports }] of Object.entries(inputs)) {
    const from = folderOf(path);
    const targets = imported.get(from) ?? new Set();
    for (const { path: target, external } of imports) {
      if (!external && folderOf(target) !== from) targets.add(folderOf(target));
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
