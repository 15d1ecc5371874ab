import { describe, expect, test } from 'vitest';
import { mostBundleKb } from '../../../bench/bundle-sizes.js';
import { functionFolders } from '../../../supply-chain/bundle.js';
import { bundleOf } from '../../support/bundles.js';

const SDK = ['@aws-sdk/*', '@aws/lambda-invoke-store', '@smithy/*', 'zod'];
const LOGGER = ['@aws-lambda-powertools/commons', '@aws-lambda-powertools/logger'];
const METRICS = ['@aws-lambda-powertools/commons', '@aws-lambda-powertools/metrics'];
const DYNAMODB = ['mnemonist', 'obliterator'];

/** All packages in production. Each additional one has to be trusted, updated and loaded. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'confirm-revocation': SDK,
  gateway: [...SDK, ...LOGGER, ...METRICS, ...DYNAMODB],
  'key-rotation': [...SDK, ...LOGGER, ...METRICS, ...DYNAMODB],
  'nightly-audit': [...SDK, ...LOGGER, ...METRICS, ...DYNAMODB],
  'notify-on-call': [...SDK, ...LOGGER, ...METRICS, ...DYNAMODB],
  'provide-secret': [...SDK, ...LOGGER],
  'provision-keys': [...SDK, ...LOGGER, ...DYNAMODB],
  'refresh-consumers': [...SDK, ...LOGGER],
  'request-keys': [...SDK, ...LOGGER, ...DYNAMODB],
  'revoke-key': [...SDK, ...LOGGER],
  'roll-back-key': [...SDK, ...LOGGER],
  'spend-monitor': [...SDK, ...LOGGER, ...METRICS, ...DYNAMODB],
  'verify-deletion': [...SDK, ...LOGGER],
  'verify-retirement': [...SDK, ...LOGGER],
};

test('every function is listed here', () => {
  expect(functionFolders().sort()).toEqual(Object.keys(PACKAGES).sort());
});

describe.each(functionFolders())('%s', (folder) => {
  test('is small enough to start fast, and holds no package but those named', async () => {
    const { code, packages } = await bundleOf(folder);
    expect(code.byteLength / 1000).toBeLessThanOrEqual(mostBundleKb(folder));
    expect([...new Set(packages.map(({ name }) => family(name)))].sort()).toEqual(
      [...new Set(PACKAGES[folder] ?? [])].sort(),
    );
  });
});

/** The parts of the SDK come and go with its versions. */
function family(name: string): string {
  return name.replace(/^(@aws-sdk|@smithy)\/.*/, '$1/*');
}
