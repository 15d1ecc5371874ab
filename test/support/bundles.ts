import { type Bundle, bundleFunctions } from '../../supply-chain/bundle.js';

let made: Promise<ReadonlyMap<string, Bundle>> | undefined;

/** The bundle of a function, made with all others once for all tests of a worker. */
export async function bundleOf(folder: string): Promise<Bundle> {
  made ??= bundleFunctions();
  const bundle = (await made).get(folder);
  if (!bundle) throw new Error(`no function ${folder}`);
  return bundle;
}
