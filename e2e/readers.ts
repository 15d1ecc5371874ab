import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Cloud } from './cloud.js';
import { ACCOUNT, type Emulator, REGION } from './emulator.js';
import { claim } from './report.js';

const SessionSchema = z.object({
  Credentials: z.object({
    AccessKeyId: z.string(),
    SecretAccessKey: z.string(),
    SessionToken: z.string(),
  }),
});
const TRUST = statement({
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'sts:AssumeRole',
});
const READ_ANYTHING = statement({ Action: ['secretsmanager:*', 'kms:*'], Resource: '*' });

/** A reader of the policy gets a key; others do not, whatever their own role allows them. */
export async function claimReadersAlone(
  cloud: Cloud,
  emulator: Emulator,
  folder: string,
  secretName: string,
): Promise<void> {
  const trust = join(folder, 'reader-trust.json');
  const may = join(folder, 'read-anything.json');
  writeFileSync(trust, JSON.stringify(TRUST));
  writeFileSync(may, JSON.stringify(READ_ANYTHING));

  async function outcomeFor(name: string): Promise<string> {
    const role = ['--role-name', name];
    await cloud.aws(
      'iam',
      'create-role',
      ...role,
      '--assume-role-policy-document',
      `file://${trust}`,
    );
    await cloud.aws(
      ...['iam', 'put-role-policy', ...role, '--policy-name', 'read'],
      ...['--policy-document', `file://${may}`],
    );
    return await readAs(cloud, emulator, name, secretName);
  }

  const reader = await outcomeFor('developer');
  claim(reader === 'read', 'a key for its reader', reader);
  const stranger = await outcomeFor('stranger');
  claim(stranger === 'AccessDeniedException', 'no key for a stranger', stranger);
}

/** `read`, or the name of the error. */
async function readAs(
  { aws }: Cloud,
  { url, ca }: Emulator,
  role: string,
  SecretId: string,
): Promise<string> {
  const session = await aws(
    ...['sts', 'assume-role', '--role-session-name', 'e2e-reader'],
    ...['--role-arn', `arn:aws:iam::${ACCOUNT}:role/${role}`],
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = SessionSchema.parse(session).Credentials;
  const client = new SecretsManagerClient({
    endpoint: url,
    region: REGION,
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    },
    requestHandler: { httpsAgent: { ca } },
  });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
    return SecretString ? 'read' : 'nothing';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  } finally {
    client.destroy();
  }
}

function statement(what: object) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...what }] };
}
