import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

const here = (path: string) => join(import.meta.dirname, path);

/** What synthesizes templates, starts processes, or plays whole stories; all else is a unit's. */
const SYSTEM = [
  'test/{bin,cli,client,demo,e2e,examples,lib,supply-chain,testing}/**/*.test.ts',
  'test/{docs,costs,runbook-commands}.test.ts',
  'test/governance/keys/faults/*.test.ts',
  'test/governance/quotas/{every-interleaving,no-overrun}.test.ts',
];
export const MINUTE_MS = 60_000;

/** What the package exports once it is built, see tsconfig.json. */
export const alias = {
  'mistral-governance/cdk': here('lib/cdk.ts'),
  'mistral-governance/client': here('client/index.ts'),
};

/** The SDK of AWS warns on Node 20 about its own later versions, which are no part of a test. */
export const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

export default defineConfig({
  resolve: { alias },
  test: {
    env,
    maxWorkers: '100%',
    isolate: false, // files share what they load: the CDK takes seconds
    // Ten times and more what the longest takes on a machine of its own: no test is about its speed.
    testTimeout: 10 * MINUTE_MS,
    hookTimeout: 10 * MINUTE_MS,
    projects: [
      { extends: true, test: { name: 'system', include: SYSTEM } },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SYSTEM],
        },
      },
    ],
  },
});
