import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.js';
import { bundleFunctions } from './bundle.js';
import { readLockFile } from './lock-file.js';

const FOLDER = join(import.meta.dirname, '..', 'sbom');
const { SOURCE_DATE_EPOCH: epochSeconds } = process.env;
const madeAt = epochSeconds ? new Date(Number(epochSeconds) * 1000) : undefined;
const lockFile = readLockFile();

rmSync(FOLDER, { recursive: true, force: true }); // files of deleted functions
mkdirSync(FOLDER);
const bundles = await bundleFunctions();
for (const [name, bundle] of [...bundles].sort()) {
  const path = join(FOLDER, `${name}.cdx.json`);
  writeFileSync(path, billOfMaterials({ name, bundle, madeAt }, lockFile));
  process.stdout.write(`sbom/${name}.cdx.json: ${bundle.packages.length} packages\n`);
}
