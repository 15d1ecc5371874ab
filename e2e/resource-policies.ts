import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRole } from './account.js';
import { command } from './commands.js';
import { ACCOUNT, REGION } from './emulator.js';
import type { Parts } from './parts.js';

export const RESOURCE_POLICY_NAME = 'e2e-resource-policy';
/** The function behind the custom resources that stand for resource policies of secrets. */
export const RESOURCE_POLICY_FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${RESOURCE_POLICY_NAME}`;

/** Makes that function, with what it may do and no more. */
export async function createResourcePolicyFunction(parts: Parts): Promise<void> {
  const { cloud, emulator, folder } = parts;
  const source = join(folder, RESOURCE_POLICY_NAME);
  const zip = `${source}.zip`;
  mkdirSync(source);
  copyFileSync(join(import.meta.dirname, 'resource-policy.cjs'), join(source, 'index.js'));
  const pack = ['-m', 'zipfile', '-c', zip, join(source, 'index.js')];
  await command('python3', pack, emulator.env);
  await createRole(cloud, RESOURCE_POLICY_NAME, { Service: 'lambda.amazonaws.com' }, [
    'secretsmanager:PutResourcePolicy',
    'secretsmanager:DeleteResourcePolicy',
  ]);
  await cloud.aws('lambda create-function', {
    'function-name': RESOURCE_POLICY_NAME,
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    role: `arn:aws:iam::${ACCOUNT}:role/${RESOURCE_POLICY_NAME}`,
    'zip-file': `fileb://${zip}`,
  });
}

/** Whether a secret has a policy of its own. */
export async function hasResourcePolicy({ cloud }: Parts, SecretId: string): Promise<boolean> {
  const { ResourcePolicy } = await cloud.secretsManager.getResourcePolicy({ SecretId });
  return ResourcePolicy !== undefined;
}
