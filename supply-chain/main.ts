import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.js';
import { bundleFunction, functionFolders } from './bundle.js';
import { readLockFile } from './lock-file.js';

const FOLDER = join(import.meta.dirname, '..', 'sbom');
const { SOURCE_DATE_EPOCH: epochSeconds } = process.env;
const madeAt = epochSeconds ? new Date(Number(epochSeconds) * 1000) : undefined;
const lockFile = readLockFile();

rmSync(FOLDER, { recursive: true, force: true }); // files of deleted functions
mkdirSync(FOLDER);
for (const name of functionFolders().sort()) {
  const bundle = await bundleFunction(name);
  const path = join(FOLDER, `${name}.cdx.json`);
  writeFileSync(path, billOfMaterials({ name, bundle, madeAt }, lockFile));
  process.stdout.write(`sbom/${name}.cdx.json: ${bundle.packages.length} packages\n`);
}
