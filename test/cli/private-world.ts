import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { AWS_HOST, MISTRAL_HOST, privateNetwork } from '../support/private-network.js';
import { openCliWorld } from './cli-world.js';
import { documentOf, localAwsEnv } from './run-cli.js';
import { spawnCli } from './spawn-cli.js';

/** A command that calls AWS and Mistral, from a network that is left through a proxy alone. */
export async function privateWorld() {
  const world = await openCliWorld();
  const network = await privateNetwork(world.url);

  async function sync(
    env: Readonly<Record<string, string>>,
    aws = `https://${AWS_HOST}`,
    mistral = `https://${MISTRAL_HOST}`,
  ) {
    const policy = parse(readFileSync(world.policyPath, 'utf8'));
    policy.mistral.adminUrl = `${mistral}/v1/admin`;
    const path = join(network.folder, 'policy.yaml');
    writeFileSync(path, stringify(policy));
    const args = ['workspaces', 'sync', '--policy', path, '--json'];
    const run = await spawnCli(args, { env: { ...localAwsEnv(aws), ...env } });
    return { status: run.status, document: documentOf(run), stderr: run.stderr };
  }
  return { sync, network };
}

export const BOTH = [`CONNECT ${AWS_HOST}:443`, `CONNECT ${MISTRAL_HOST}:443`];
