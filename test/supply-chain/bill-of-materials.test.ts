import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { App, Stack } from 'aws-cdk-lib';
import { beforeAll, describe, expect, test } from 'vitest';
import { GovernanceFunction } from '../../lib/platform/governance-function.js';
import { PolicyBundle } from '../../lib/platform/policy-bundle.js';
import { billOfMaterials } from '../../supply-chain/bill-of-materials.js';
import { type Bundle, functionFolders } from '../../supply-chain/bundle.js';
import { readLockFile } from '../../supply-chain/lock-file.js';
import { aPolicy } from '../support/builders.js';
import { bundleOf } from '../support/bundles.js';

const ROOT = join(import.meta.dirname, '../..');
const lockFile = readLockFile();
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

describe.each(functionFolders())('the bill of materials of %s', (name) => {
  let bundle: Bundle;
  let text: string;
  beforeAll(async () => {
    bundle = await bundleOf(name);
    text = billOfMaterials({ name, bundle }, lockFile);
  });

  test('is valid CycloneDX 1.6', async () => {
    expect(await validator.validate(text)).toBeNull();
  });

  test('lists the packages in the bundle, as installed, and no other', () => {
    const installed = bundle.packages.map(({ folder }) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(ROOT, folder, 'package.json'), 'utf8'),
      );
      return `${name}@${version} ${license}`;
    });
    expect(componentsOf(text).map(readable).sort()).toEqual(installed.sort());
  });

  test('has the digest of every package, and says what brought it in', () => {
    const { dependencies } = JSON.parse(text);
    const wanted = dependencies.flatMap((one: { dependsOn?: string[] }) => one.dependsOn ?? []);
    for (const { hashes, purl } of componentsOf(text)) {
      expect(hashes).toEqual([
        { alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) },
      ]);
      expect(wanted).toContain(purl);
    }
  });
});

test('a bill of materials is of exactly the file that is deployed', async () => {
  const name = 'confirm-revocation';
  const text = billOfMaterials({ name, bundle: await bundleOf(name) }, lockFile);
  const [hash] = JSON.parse(text).metadata.component.hashes;
  expect(hash).toEqual({ alg: 'SHA-256', content: sha256(deployed(name)) });
});

test('a bill of materials says when it was made where that is given', async () => {
  const bundle = await bundleOf('confirm-revocation');
  const madeAt = new Date('2026-11-25T00:00:00Z');
  const text = billOfMaterials({ name: 'confirm-revocation', bundle, madeAt }, lockFile);
  expect(JSON.parse(text).metadata.timestamp).toBe('2026-11-25T00:00:00.000Z');
  expect(await validator.validate(text)).toBeNull();
});

test('fails for a package that the lock file does not hold', () => {
  expect(() => lockFile.at('node_modules/no-such-package')).toThrow(
    'package-lock.json has no version of node_modules/no-such-package',
  );
});

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly { readonly license: { readonly id?: string; name?: string } }[];
  readonly hashes: readonly object[];
}

function componentsOf(text: string): Component[] {
  return JSON.parse(text).components;
}

function readable({ group, name, version, licenses }: Component): string {
  const license = licenses.map(({ license: { id, name } }) => id ?? name).join();
  return `${group ? `${group}/` : ''}${name}@${version} ${license}`;
}

/** The bundle of a function as CDK builds it. */
function deployed(folder: string): Buffer {
  const app = new App({ builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Test');
  new GovernanceFunction(stack, 'Function', {
    folder,
    description: folder,
    environment: {},
    policy: new PolicyBundle(aPolicy()),
  });
  const { directory } = app.synth();
  const [asset = ''] = readdirSync(directory).filter((name) => name.startsWith('asset.'));
  return readFileSync(join(directory, asset, 'index.mjs'));
}

function sha256(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}
