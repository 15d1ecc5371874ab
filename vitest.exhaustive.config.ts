import { defineConfig } from 'vitest/config';
import { alias, env, MINUTE_MS } from './vitest.config.ts';

/** What `npm test` has no time for: the same proofs over real connections, and at full size. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.exhaustive.ts'],
    env,
    maxWorkers: '100%',
    testTimeout: 60 * MINUTE_MS,
    hookTimeout: 60 * MINUTE_MS,
  },
});
