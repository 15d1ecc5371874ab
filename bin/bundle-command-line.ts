import { join } from 'node:path';
import { build } from 'esbuild';
import { packageFolders } from '../supply-chain/bundle.js';

const ROOT = join(import.meta.dirname, '..');

const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * With all packages inside: the lock file pins the code that handles keys, and it starts fast.
 *
 * @returns the folders of these packages
 */
export async function bundleCommandLine(outfile: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    metafile: true,
    entryPoints: [join(ROOT, 'cli/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    // CommonJS packages load Node's own modules with it.
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) => [...packageFolders(inputs)]);
}
