import { bundleFunction, functionFolders } from '../supply-chain/bundle.js';
import { atMost, type Benchmark } from './figure.js';

/**
 * The audit runs once a night, renders its report for auditors, and stores it with the SDK's S3 client, 159 kB. The
 * gateway checks the requests of all endpoints.
 */
const MOST_KB: Readonly<Record<string, number>> = { 'nightly-audit': 800, gateway: 660 };

/** The size limit of a function's bundle. */
export function mostBundleKb(folder: string): number {
  return MOST_KB[folder] ?? 600;
}

/** The size of each function with all dependencies, as a cold start loads it. */
export const benchBundleSizes: Benchmark = async () =>
  Promise.all(
    functionFolders().map(async (folder) => {
      const { code } = await bundleFunction(folder);
      const value = code.byteLength / 1000;
      return atMost(mostBundleKb(folder), { name: `bundle-size/${folder}`, value, unit: 'kB' });
    }),
  );
