import { ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Cloud } from './cloud.js';
import { until } from './waiting.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const ValueSchema = z.looseObject({ apiKey: z.string(), keyId: z.string() });

export type ManagedKey = z.infer<typeof ValueSchema>;

interface InCloud {
  readonly cloud: Cloud;
}

/** The key of a version, without an id of the current one; `undefined` where that holds none. */
export async function findKey(
  { cloud }: InCloud,
  SecretId: string,
  VersionId?: string,
): Promise<ManagedKey | undefined> {
  try {
    const { SecretString } = await cloud.secretsManager.getSecretValue({ SecretId, VersionId });
    return SecretString ? ValueSchema.parse(JSON.parse(SecretString)) : undefined;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** As a service reads its key. */
export async function readKey(
  scene: InCloud,
  secretName: string,
  versionId?: string,
): Promise<ManagedKey> {
  const key = await findKey(scene, secretName, versionId);
  if (!key) throw new Error(`${secretName} holds no key`);
  return key;
}

export async function stagesOf(
  { cloud }: InCloud,
  SecretId: string,
): Promise<[versionId: string, stages: readonly string[]][]> {
  const { VersionIdsToStages = {} } = await cloud.secretsManager.describeSecret({ SecretId });
  return Object.entries(VersionIdsToStages);
}

export async function currentVersion(
  scene: InCloud,
  secretName: string,
): Promise<string | undefined> {
  const versions = await stagesOf(scene, secretName);
  return versions.find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
}

export type Rotations = ReturnType<typeof createRotations>;

/** What the emulator does not rotate by itself, see ministack_like_aws.py. */
const STEPS_BY_HAND = 'e2e:steps-by-hand';

/** Rotations by Secrets Manager, which calls the four steps. */
export function createRotations(
  cloud: Cloud,
  functionName: string,
  onStep: (step: string) => void,
) {
  const { secretsManager, invoke } = cloud;
  const describe = (SecretId: string) => secretsManager.describeSecret({ SecretId });
  const rotatedAt = async (secretName: string) =>
    (await describe(secretName)).LastRotatedDate?.getTime();

  async function ended(secretName: string, before?: number): Promise<void> {
    await until(
      `the end of a rotation of ${secretName}`,
      () => rotatedAt(secretName),
      (at) => at !== before,
      { pauseMs: 100 },
    );
    for (const step of STEPS) onStep(step);
  }

  return {
    /** A rotation that `ask` begins, to its end. Returns the version that is current then. */
    async rotate(secretName: string, ask: () => Promise<unknown>): Promise<string> {
      const before = await rotatedAt(secretName);
      await ask();
      await ended(secretName, before);
      return (await currentVersion({ cloud }, secretName)) ?? '';
    },

    /** The rotation of a secret that held nothing, or a later one. */
    firstEnded: (secretName: string): Promise<void> => ended(secretName),

    /** What `rotate-secret`, called by `ask`, begins, without its steps. Returns the pending version. */
    async begin(SecretId: string, ask: () => Promise<unknown>): Promise<string> {
      const Key = STEPS_BY_HAND;
      await secretsManager.tagResource({ SecretId, Tags: [{ Key, Value: 'yes' }] });
      await ask();
      await secretsManager.untagResource({ SecretId, TagKeys: [Key] });
      const versions = await stagesOf({ cloud }, SecretId);
      const pending = versions.find(([, stages]) => stages.includes('AWSPENDING'));
      if (!pending) throw new Error(`no rotation of ${SecretId} was requested`);
      return pending[0];
    },

    /** The four steps in their order, up to the first that fails; Secrets Manager repeats them then. */
    async attempt(SecretId: string, versionId: string): Promise<void> {
      const { ARN } = await describe(SecretId);
      for (const Step of STEPS) {
        await invoke(functionName, { Step, SecretId: ARN, ClientRequestToken: versionId });
        onStep(Step);
      }
    },
  };
}
