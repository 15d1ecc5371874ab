import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as client from 'mistral-governance/client';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('a service that imports mistral-governance/client compiles', () => {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const project = join(import.meta.dirname, 'consumer/tsconfig.json');
  const { status, stdout } = spawnSync(tsc, ['-p', project], { encoding: 'utf8' });

  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

test('it exports these names and no others', () => {
  expect(Object.keys(client).sort()).toEqual([
    'GovernanceConfigurationError',
    'GovernanceRefusedError',
    'GovernanceUnavailableError',
    'createGovernedMistral',
    'createSignedHttpClient',
    'isGovernanceError',
  ]);
});
