import { copyFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { BUNDLING } from './bundling.js';
import type { PolicyBundle } from './policy-bundle.js';

/** Beside the one file that the package's constructs are built into. */
const BUILT = join(import.meta.dirname, '..', 'functions');
const CHECKOUT = join(import.meta.dirname, '..', '..');

/** A function's bundle with the policy beside it. */
export function functionCode(folder: string, policy: PolicyBundle): Code {
  return Code.fromAsset(import.meta.dirname, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'), // CDK asks for one, and never gets to use it
      command: [folder, policy.fingerprint], // for the hash by which CDK knows a bundle
      local: {
        tryBundle(outputFolder) {
          putBundle(folder, join(outputFolder, 'index.mjs'));
          policy.putInto(outputFolder);
          return true;
        },
      },
    },
  });
}

/** The package has bundles built; a checkout has none, which could be out of date. */
function putBundle(folder: string, file: string): void {
  const built = join(BUILT, `${folder}.mjs`);
  if (existsSync(built)) copyFileSync(built, file);
  else bundleFunction(folder, file);
}

/** Bundles a function from its sources. Only a checkout has those, and esbuild. */
export function bundleFunction(folder: string, file: string): void {
  const require = createRequire(import.meta.url);
  const { buildSync }: typeof import('esbuild') = require('esbuild');
  const entryPoints = [join(CHECKOUT, 'lambdas', folder, 'entry.ts')];
  buildSync({ ...BUNDLING, entryPoints, outfile: file });
}
