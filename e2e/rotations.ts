import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Cloud } from './cloud.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** Secrets Manager's part of rotations, which the emulator only says to have done. */
export interface Rotations {
  /** In AWS a secret without a value has no version; here it has one, which is AWSCURRENT. */
  emptyAsInAws(secretName: string): Promise<void>;
  /** What `rotate-secret`, called by `ask`, begins: a pending version without a value, whose id it returns. */
  begin(secretName: string, ask: () => Promise<unknown>): Promise<string>;
  /** The four steps in their order, up to the first that fails; repeated by Secrets Manager when one does. */
  attempt(secretName: string, versionId: string): Promise<void>;
  /** A rotation that `ask` begins, to its end. */
  rotate(secretName: string, ask: () => Promise<unknown>): Promise<string>;
  /** The steps of a rotation that the product itself has asked for. */
  driveAsked(secretName: string): Promise<string>;
}

export function createRotations(
  { secretsManager, invoke }: Cloud,
  functionName: string,
  onStep: () => void,
): Rotations {
  async function versionAt(secretName: string, stage: string): Promise<string | undefined> {
    const { VersionIdsToStages = {} } = await secretsManager.send(
      new DescribeSecretCommand({ SecretId: secretName }),
    );
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(stage));
  }

  /** The emulator puts a copy of the current value in charge at once; AWS an empty pending version. */
  async function makePending(
    secretName: string,
    versionId: string,
    current: string | undefined,
  ): Promise<void> {
    if (current !== undefined) {
      await secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretName,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: current,
          RemoveFromVersionId: versionId,
        }),
      );
    }
    await secretsManager.send(
      new PutSecretValueCommand({
        SecretId: secretName,
        ClientRequestToken: versionId,
        VersionStages: ['AWSPENDING'],
      }),
    );
  }

  async function begin(secretName: string, ask: () => Promise<unknown>): Promise<string> {
    const before = await versionAt(secretName, 'AWSCURRENT');
    await ask();
    const versionId = await versionAt(secretName, 'AWSCURRENT');
    if (versionId === undefined || versionId === before) {
      throw new Error(`no rotation of ${secretName} was asked for`);
    }
    await makePending(secretName, versionId, before);
    return versionId;
  }

  async function attempt(secretName: string, versionId: string): Promise<void> {
    const { ARN } = await secretsManager.send(new DescribeSecretCommand({ SecretId: secretName }));
    for (const Step of STEPS) {
      await invoke(functionName, { Step, SecretId: ARN, ClientRequestToken: versionId });
      onStep();
    }
  }

  return {
    async emptyAsInAws(secretName) {
      const version = await versionAt(secretName, 'AWSCURRENT');
      if (version === undefined) return;
      const { SecretString } = await secretsManager.send(
        new GetSecretValueCommand({ SecretId: secretName, VersionId: version }),
      );
      if (SecretString) return;
      await secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretName,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId: version,
        }),
      );
    },

    begin,
    attempt,

    async rotate(secretName, ask) {
      const versionId = await begin(secretName, ask);
      await attempt(secretName, versionId);
      return versionId;
    },

    async driveAsked(secretName) {
      const versionId = await versionAt(secretName, 'AWSCURRENT');
      if (versionId === undefined) throw new Error(`no rotation of ${secretName} was asked for`);
      await makePending(secretName, versionId, undefined);
      await attempt(secretName, versionId);
      return versionId;
    },
  };
}
