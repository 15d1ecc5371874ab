import { bundleFunction, functionFolders } from '../supply-chain/bundle.js';
import { atMost, type Benchmark } from './figure.js';

/** The audit runs once a night and stores its report by the SDK's client of S3, 159 kB. */
const MOST_KB: Readonly<Record<string, number>> = { 'nightly-audit': 700 };

/** What a function's bundle may have at most. */
export function mostBundleKb(folder: string): number {
  return MOST_KB[folder] ?? 600;
}

/** How large each function is with everything inside, as a cold start has to load it. */
export const benchBundleSizes: Benchmark = async () =>
  Promise.all(
    functionFolders().map(async (folder) => {
      const { code } = await bundleFunction(folder);
      const value = code.byteLength / 1000;
      return atMost(mostBundleKb(folder), { name: `bundle-size/${folder}`, value, unit: 'kB' });
    }),
  );
