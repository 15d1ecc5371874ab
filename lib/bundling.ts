import type { BuildOptions } from 'esbuild';

/**
 * How esbuild makes a function's bundle, for a deploy, for the package, and in the benchmark and the
 * test that watch its size.
 */
export const BUNDLING = {
  bundle: true, // with the SDK: the lock file decides its version, not the runtime
  platform: 'node',
  target: 'node22',
  format: 'esm',
  mainFields: ['module', 'main'], // the SDK's smaller half, see docs/decisions
  minify: true,
  logLevel: 'error',
} as const satisfies BuildOptions;
