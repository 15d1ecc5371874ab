import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

/**
 * How esbuild bundles a function: for a deploy, for the package, and for the benchmark and the test
 * that watch its size.
 */
export const BUNDLING = {
  bundle: true, // with the SDK: the lock file decides its version, not the runtime
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'], // the SDK's smaller half, see docs/decisions
  minify: true,
  // A fifth of a bundle would be sources of credentials that Lambda does not have.
  alias: {
    '@aws-sdk/credential-provider-node': join(
      import.meta.dirname,
      '../../governance/platform/lambda-credentials.aws.ts',
    ),
  },
  logLevel: 'error',
} as const satisfies BuildOptions;
