import { ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Cloud } from './cloud.js';

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

/** Secrets Manager's part of rotations, which the emulator only claims to have done. */
export function createRotations(cloud: Cloud, functionName: string, onStep: () => void) {
  const { secretsManager, invoke } = cloud;
  const current = (secretName: string) => currentVersion({ cloud }, secretName);
  const moveCurrent = (SecretId: string, from: string, to?: string) =>
    secretsManager.updateSecretVersionStage({
      ...{ SecretId, VersionStage: 'AWSCURRENT', RemoveFromVersionId: from, MoveToVersionId: to },
    });

  /** The emulator makes a copy of the current value current at once; AWS an empty pending version. */
  async function asPending(secretName: string, before: string | undefined): Promise<string> {
    const versionId = await current(secretName);
    if (versionId === undefined || versionId === before) {
      throw new Error(`no rotation of ${secretName} was requested`);
    }
    if (before !== undefined) await moveCurrent(secretName, versionId, before);
    await secretsManager.putSecretValue({
      SecretId: secretName,
      ClientRequestToken: versionId,
      VersionStages: ['AWSPENDING'],
    });
    return versionId;
  }

  /** What `rotate-secret`, called by `ask`, begins: a pending version without a value. Returns its id. */
  async function begin(secretName: string, ask: () => Promise<unknown>): Promise<string> {
    const before = await current(secretName);
    await ask();
    return asPending(secretName, before);
  }

  /** The four steps in their order, up to the first that fails; Secrets Manager repeats them then. */
  async function attempt(SecretId: string, versionId: string): Promise<void> {
    const { ARN } = await secretsManager.describeSecret({ SecretId });
    for (const Step of STEPS) {
      await invoke(functionName, { Step, SecretId: ARN, ClientRequestToken: versionId });
      onStep();
    }
  }

  return {
    begin,
    attempt,

    /** A rotation that `ask` begins, to its end. */
    async rotate(secretName: string, ask: () => Promise<unknown>): Promise<string> {
      const versionId = await begin(secretName, ask);
      await attempt(secretName, versionId);
      return versionId;
    },

    /** A rotation that the product itself requested, of a secret that held nothing. */
    async driveAsked(secretName: string): Promise<void> {
      await attempt(secretName, await asPending(secretName, undefined));
    },

    /** In AWS a secret without a value has no version; here it has one, which is AWSCURRENT. */
    async emptyAsInAws(secretName: string): Promise<void> {
      const version = await current(secretName);
      if (version === undefined || (await findKey({ cloud }, secretName, version))) return;
      await moveCurrent(secretName, version);
    },
  };
}
