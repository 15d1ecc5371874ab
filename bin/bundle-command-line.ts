import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** With all packages inside: the lock file pins the code that handles keys, and it starts fast. */
export async function bundleCommandLine(outfile: string): Promise<void> {
  await build({
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
}
