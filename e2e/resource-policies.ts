import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Cloud } from './cloud.js';
import { command } from './commands.js';
import { ACCOUNT, type Emulator, REGION } from './emulator.js';

export const RESOURCE_POLICY_NAME = 'e2e-resource-policy';
const TRUST = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ],
};
const MAY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:PutResourcePolicy', 'secretsmanager:DeleteResourcePolicy'],
      Resource: '*',
    },
  ],
};

/** The function behind the custom resources that stand for resource policies of secrets. */
export const RESOURCE_POLICY_FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${RESOURCE_POLICY_NAME}`;

/** Makes that function, with what it may do and no more. */
export async function createResourcePolicyFunction(
  { aws }: Cloud,
  { env }: Emulator,
  folder: string,
): Promise<void> {
  const source = join(folder, RESOURCE_POLICY_NAME);
  const zip = join(folder, `${RESOURCE_POLICY_NAME}.zip`);
  mkdirSync(source);
  copyFileSync(join(import.meta.dirname, 'resource-policy.cjs'), join(source, 'index.js'));
  await command('python3', ['-m', 'zipfile', '-c', zip, join(source, 'index.js')], env);

  const trust = join(folder, 'trust.json');
  const may = join(folder, 'may.json');
  writeFileSync(trust, JSON.stringify(TRUST));
  writeFileSync(may, JSON.stringify(MAY));
  const role = ['--role-name', RESOURCE_POLICY_NAME];
  await aws('iam', 'create-role', ...role, '--assume-role-policy-document', `file://${trust}`);
  await aws(
    ...['iam', 'put-role-policy', ...role, '--policy-name', 'put'],
    ...['--policy-document', `file://${may}`],
  );
  await aws(
    ...[
      'lambda',
      'create-function',
      '--function-name',
      RESOURCE_POLICY_NAME,
      '--handler',
      'index.handler',
    ],
    ...[
      '--runtime',
      'nodejs22.x',
      '--role',
      `arn:aws:iam::${ACCOUNT}:role/${RESOURCE_POLICY_NAME}`,
    ],
    ...['--zip-file', `fileb://${zip}`],
  );
}

/** Whether somebody may use a secret by its own policy. */
export async function hasResourcePolicy({ aws }: Cloud, secretName: string): Promise<boolean> {
  const command = ['secretsmanager', 'get-resource-policy', '--secret-id', secretName];
  return PolicySchema.parse(await aws(...command)).ResourcePolicy !== undefined;
}

const PolicySchema = z.object({ ResourcePolicy: z.string().optional() });
