/**
 * How esbuild makes a function's bundle, at a deploy and in the benchmark and the test that watch
 * its size. As ESM for Node with everything inside, besides.
 */
export const BUNDLING = {
  target: 'node22',
  mainFields: ['module', 'main'], // the SDK's smaller half, see docs/decisions
  minify: true,
};
