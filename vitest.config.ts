import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const here = (path: string) => join(import.meta.dirname, path);

export default defineConfig({
  // What the package exports once it is built, see tsconfig.json.
  resolve: {
    alias: {
      'mistral-governance/cdk': here('lib/cdk.ts'),
      'mistral-governance/client': here('client/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: '100%',
    isolate: false, // files share what they load: the CDK takes seconds
  },
});
