import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Cloud } from './cloud.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** Secrets Manager's part of rotations, which the emulator only says to have done. */
export interface Rotations {
  /** In AWS a secret without a value has no version; here it has one, which is AWSCURRENT. */
  emptyAsInAws(secretName: string): Promise<void>;
  /** `aws secretsmanager rotate-secret`, and the four steps that it leads to. */
  rotate(secretName: string): Promise<string>;
  /** The steps alone, for a rotation that the product itself has asked for. */
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

  async function runSteps(secretName: string, versionId: string): Promise<void> {
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

    async rotate(secretName) {
      const current = await versionAt(secretName, 'AWSCURRENT');
      const versionId = randomUUID();
      await secretsManager.send(
        new RotateSecretCommand({ SecretId: secretName, ClientRequestToken: versionId }),
      );
      await makePending(secretName, versionId, current);
      await runSteps(secretName, versionId);
      return versionId;
    },

    async driveAsked(secretName) {
      const versionId = await versionAt(secretName, 'AWSCURRENT');
      if (versionId === undefined) throw new Error(`no rotation of ${secretName} was asked for`);
      await makePending(secretName, versionId, undefined);
      await runSteps(secretName, versionId);
      return versionId;
    },
  };
}
