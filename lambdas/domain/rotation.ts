/** What Secrets Manager tells about a secret, without its value. */
export interface SecretState {
  readonly arn: string;
  readonly name: string;
  readonly rotationEnabled: boolean;
  /** Labels by version id; versions without a label are not listed. */
  readonly stagesByVersion: Readonly<Record<string, readonly string[]>>;
  readonly lastRotatedAt: Date | undefined;
  readonly nextRotationAt: Date | undefined;
}

export type VersionStage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** The version that carries a label. */
export function versionAt(secret: SecretState, stage: VersionStage): string | undefined {
  return Object.keys(secret.stagesByVersion).find((version) =>
    secret.stagesByVersion[version]?.includes(stage),
  );
}
