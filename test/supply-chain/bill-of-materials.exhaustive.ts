import { expect, test } from 'vitest';
import { billOfMaterials } from '../../supply-chain/bill-of-materials.js';
import { bundleFunctions, functionFolders } from '../../supply-chain/bundle.js';
import { readLockFile } from '../../supply-chain/lock-file.js';

test('a bill of materials is the same whenever the code is', async () => {
  const lockFile = readLockFile();
  const [once, again] = [await bundleFunctions(), await bundleFunctions()];
  for (const name of functionFolders()) {
    const texts = [once, again].map((bundles) => {
      const bundle = bundles.get(name);
      return bundle && billOfMaterials({ name, bundle }, lockFile);
    });
    expect(texts[0]).toBeDefined();
    expect(texts[0]).toBe(texts[1]);
  }
});
