import { bundleFunction, functionFolders } from '../supply-chain/bundle.js';
import { atMost, type Benchmark } from './figure.js';

export const MOST_BUNDLE_KB = 600;

/** How large each function is with everything inside, as a cold start has to load it. */
export const benchBundleSizes: Benchmark = async () =>
  Promise.all(
    functionFolders().map(async (folder) => {
      const { code } = await bundleFunction(folder);
      const value = code.byteLength / 1000;
      return atMost(MOST_BUNDLE_KB, { name: `bundle-size/${folder}`, value, unit: 'kB' });
    }),
  );
