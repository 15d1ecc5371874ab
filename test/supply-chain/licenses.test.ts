import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { functionFolders } from '../../supply-chain/bundle.js';
import { thirdPartyLicenses } from '../../supply-chain/licenses.js';
import { readLockFile } from '../../supply-chain/lock-file.js';
import { bundleOf } from '../support/bundles.js';

const bundled = new Map<string, readonly string[]>();
let text: string;
beforeAll(async () => {
  for (const name of functionFolders()) {
    const { packages } = await bundleOf(name);
    bundled.set(
      name,
      packages.map(({ folder }) => folder),
    );
  }
  text = thirdPartyLicenses(bundled);
});

test('every package of every function is there once, at the version of the lock file', () => {
  const lockFile = readLockFile();
  for (const folder of new Set([...bundled.values()].flat())) {
    const { version, license } = lockFile.at(folder);
    const name = folder.replace(/.*\bnode_modules\//, '');
    const line = `\n${name} ${version} (${license})\n  in: `;
    expect(text.split(line), line).toHaveLength(2);
  }
});

test('each function is named with what is in it, and with nothing else', () => {
  for (const [name, folders] of bundled) {
    const named = text.split('\n').filter((line) => within(line).includes(name));
    expect(named, name).toHaveLength(folders.length);
  }
});

test('no license is without a text', () => {
  for (const section of text.split(/^-{80}$/m).slice(1)) {
    const [packages = '', ...license] = section.split(/\n\n/);
    expect(license.join('').length, packages).toBeGreaterThan(40);
  }
});

test('a package whose license is not accepted is refused', () => {
  const notInstalled = new Map([['a function', ['test/supply-chain/with-license']]]);
  expect(() => thirdPartyLicenses(notInstalled)).toThrow(/with-license.*not accepted/);
});

test('every package of the lock file has the hash of its archive', () => {
  const lock = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
  const packages: Record<string, { integrity?: string; inBundle?: boolean }> =
    JSON.parse(lock).packages;
  const without = Object.entries(packages).filter(
    // What is inside another package's archive is covered by the hash of that.
    ([folder, { integrity = '', inBundle }]) =>
      folder !== '' && !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity),
  );
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect(without).toEqual([]);
});

function within(line: string): readonly string[] {
  return line.startsWith('  in: ') ? line.slice('  in: '.length).split(', ') : [];
}
