import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { build } from 'esbuild';
import { BUNDLING } from '../lib/bundling.js';

export interface Bundle {
  readonly code: Uint8Array;
  /** The npm packages that have code in it, sorted. */
  readonly packages: readonly string[];
}

const LAMBDAS = join(import.meta.dirname, '..', 'lambdas');

/** The folder of every function that is deployed. */
export function functionFolders(): string[] {
  const entries = readdirSync(LAMBDAS, { recursive: true, encoding: 'utf8' });
  return entries.flatMap((path) => {
    const [folder, file, ...deeper] = path.split(sep);
    return folder && file === 'entry.ts' && deeper.length === 0 ? [folder] : [];
  });
}

/** The code that a deploy makes of a function. */
export function bundleFunction(folder: string): Promise<Bundle> {
  return bundle(join(LAMBDAS, folder, 'entry.ts'));
}

/** Any script, bundled as a function is. */
export async function bundle(entryPoint: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const [file] = outputFiles;
  if (!output || !file) throw new Error(`esbuild made nothing of ${entryPoint}`);
  const packages = Object.entries(output.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => packageOf(path) ?? []);
  return { code: file.contents, packages: [...new Set(packages)].sort() };
}

/** `undefined` for a file of ours. */
function packageOf(path: string): string | undefined {
  return /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
}
