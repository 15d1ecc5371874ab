import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import type { ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import type { Policy } from '../lambdas/domain/policy.js';

const FILE = 'policy.json';

/** The validated policy as a file that every function carries beside its code. */
export class PolicyBundle extends Construct {
  /** Puts the file into a function's bundle; a changed policy is so a changed function. */
  readonly hooks: ICommandHooks;

  constructor(scope: Construct, id: string, policy: Policy) {
    super(scope, id);

    const source = join(Stage.of(this)?.outdir ?? '.', FILE);
    writeFileSync(source, JSON.stringify(policy));
    this.hooks = {
      beforeInstall: () => [],
      beforeBundling: () => [],
      afterBundling: (_inputFolder, outputFolder) => [
        // Node, not cp: bundling runs in cmd on Windows.
        `node -e "fs.copyFileSync(process.argv[1], process.argv[2])" "${source}" "${join(outputFolder, FILE)}"`,
      ],
    };
  }
}
