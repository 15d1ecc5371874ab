import { createHash } from 'node:crypto';
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import type { Bundle } from './bundle.js';
import type { LockedPackage, LockFile } from './lock-file.js';

const { Bom, Component, HashDictionary, LicenseRepository } = Models;
const FORMAT = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));

export interface Subject {
  /** The function's folder under `lambdas/`. */
  readonly name: string;
  readonly bundle: Bundle;
  /** Left out where it is not given: the same code is then the same document. */
  readonly madeAt?: Date;
}

/** What is inside a function, as a CycloneDX document in JSON. */
export function billOfMaterials({ name, bundle, madeAt }: Subject, lockFile: LockFile): string {
  const components = new Map(
    bundle.packages.map((one) => [one.folder, componentOf(one.name, lockFile.at(one.folder))]),
  );
  const refsOf = (folders: readonly string[]) =>
    folders.flatMap((folder) => components.get(folder)?.bomRef ?? []);
  for (const { folder, imports } of bundle.packages) {
    for (const ref of refsOf(imports)) components.get(folder)?.dependencies.add(ref);
  }
  const fn = new Component(Enums.ComponentType.Application, name, {
    bomRef: `mistral-governance/${name}`,
    group: 'mistral-governance',
    version: lockFile.version,
    hashes: new HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256(bundle.code)]]),
    dependencies: new Models.BomRefRepository(refsOf(bundle.imports)),
  });
  const bom = new Bom({
    metadata: new Models.Metadata({ component: fn, timestamp: madeAt }),
    components: new Models.ComponentRepository(components.values()),
  });
  return `${FORMAT.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf(fullName: string, { version, license, integrity }: LockedPackage) {
  const [name = fullName, group] = fullName.split('/').reverse();
  const purl = `pkg:npm/${fullName.replace('@', '%40')}@${version}`;
  return new Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    purl,
    group,
    version,
    hashes: new HashDictionary(integrity ? [sha512Of(integrity)] : []),
    licenses: new LicenseRepository(license ? [licenseOf(license)] : []),
  });
}

/** The lock file has the digest in base64, CycloneDX in hexadecimal digits. */
function sha512Of(integrity: string): Models.Hash {
  const [, digest] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  if (!digest) throw new Error(`integrity "${integrity}" is not a SHA-512 digest`);
  return [Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex')];
}

function licenseOf(license: string): Models.License {
  return SPDX.isSupportedSpdxId(license)
    ? new Models.SpdxLicense(license)
    : new Models.NamedLicense(license);
}

function sha256(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}
