import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { createRole } from './account.js';
import { clientOptions } from './cloud.js';
import { ACCOUNT } from './emulator.js';
import { claim } from './report.js';
import type { Scene } from './scene.js';

const SessionSchema = z
  .object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), SessionToken: z.string() })
  .transform(({ AccessKeyId, SecretAccessKey, SessionToken }) => ({
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  }));

/** A reader of the policy gets a key; others do not, whatever their own role allows them. */
export async function claimReadersAlone(scene: Scene, secretName: string): Promise<void> {
  const reader = await outcomeFor(scene, 'developer', secretName);
  claim(reader === 'read', 'a key for its reader', reader);
  const stranger = await outcomeFor(scene, 'stranger', secretName);
  claim(stranger === 'AccessDeniedException', 'no key for a stranger', stranger);
}

/** `read`, or the name of the error. */
async function outcomeFor(
  { cloud, emulator }: Scene,
  role: string,
  SecretId: string,
): Promise<string> {
  const root = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
  await createRole(cloud, role, root, ['secretsmanager:*', 'kms:*']);
  const session = await cloud.aws('sts assume-role', {
    'role-session-name': 'e2e-reader',
    'role-arn': `arn:aws:iam::${ACCOUNT}:role/${role}`,
    query: 'Credentials',
  });
  const client = new SecretsManager(clientOptions(emulator, SessionSchema.parse(session)));
  try {
    const { SecretString } = await client.getSecretValue({ SecretId });
    return SecretString ? 'read' : 'nothing';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  } finally {
    client.destroy();
  }
}
