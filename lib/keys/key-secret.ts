import { Lazy, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { isExisting, type PlannedKey } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { SystemParts } from '../platform/system-parts.js';
import {
  addedStatements,
  SECRET_ACTIONS,
  type SecretAccess,
  secretPolicy,
} from './secret-access.js';
import type { SecretProvider } from './secret-provider.js';

const NO_ROTATION_IN_OPERATOR_MODE = [
  'AwsSolutions-SMG4',
  'NIST.800.53.R5-SecretsManagerRotationEnabled',
].map((id) => ({
  id,
  reason:
    'operator mode: no function can create a key, an operator must supply each when it is due',
}));

export interface KeySecretProps {
  readonly planned: PlannedKey;

  /** Only where secrets may be there already. */
  readonly provider: SecretProvider | undefined;

  readonly policy: Policy;

  readonly parts: SystemParts;

  /**
   * Creates each key and its successors.
   *
   * @default none: operator mode, in which no secret rotates by itself
   */
  readonly rotationFunction?: IFunction;

  /** What functions of this system may do with every secret. */
  readonly access: readonly SecretAccess[];

  /** Whether secrets that an earlier stack has left are used again, with their keys. */
  readonly adoptSecrets: boolean;

  /**
   * Whether secrets outlive their place in the policy.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The secret of one key, its resource policy and its rotation schedule. It is empty until its first rotation. */
export class KeySecret extends Construct {
  readonly secretName: string;

  private readonly access: SecretAccess[];

  constructor(scope: Construct, id: string, props: KeySecretProps) {
    super(scope, id);
    const { key, secretName } = props.planned;
    this.secretName = secretName;
    this.access = props.access.filter(
      ({ keyName }) => keyName === undefined || keyName === key.name,
    );
    const existing = isExisting(props.planned) ? props.provider : undefined;
    const { secretId, ready } = existing ? this.takenOver(existing, props) : this.created(props);
    if (!props.rotationFunction) return;
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId,
      rotationLambdaArn: props.rotationFunction.functionArn,
      rotationRules: { scheduleExpression: `rate(${key.rotateEveryDays} days)` },
      // A changed interval must not rotate every key at once; new keys have their own start.
      rotateImmediatelyOnUpdate: false,
    });
    // Secrets Manager tries the function as soon as it has a schedule.
    schedule.node.addDependency(ready);
  }

  private created(props: KeySecretProps) {
    const { key } = props.planned;
    const adopts = props.adoptSecrets ? props.provider : undefined;
    // On update or delete alone: a secret that a failed deploy left behind would block its name.
    const removalPolicy = adopts
      ? RemovalPolicy.RETAIN // a failed deploy must not take the policy of a secret that is in use
      : (props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    const secret = adopts ? this.adopted(adopts, props) : this.ofStack(props, removalPolicy);

    const policy = new secretsmanager.CfnResourcePolicy(this, 'Policy', {
      secretId: secret.ref,
      resourcePolicy: Lazy.any({
        produce: () =>
          secretPolicy(
            [...this.access, ...(adopts ? [adopts.access] : [])],
            key.readers,
            props.policy.administrators,
            this,
          ),
      }),
      blockPublicPolicy: true,
    });
    // A secret that left the policy stays protected, and its key is still to be retired.
    policy.applyRemovalPolicy(removalPolicy);
    return { secretId: secret.ref, ready: policy };
  }

  private ofStack(
    { planned, parts, rotationFunction }: KeySecretProps,
    removalPolicy: RemovalPolicy,
  ): secretsmanager.CfnSecret {
    const secret = new secretsmanager.CfnSecret(this, 'Secret', {
      name: planned.secretName,
      description: planned.key.description,
      kmsKeyId: parts.encryptionKey.keyArn,
    });
    secret.applyRemovalPolicy(removalPolicy);
    if (!rotationFunction) {
      Validations.of(secret).acknowledge(...NO_ROTATION_IN_OPERATOR_MODE);
    }
    return secret;
  }

  private adopted(provider: SecretProvider, { planned, parts }: KeySecretProps) {
    return provider.make(this, 'Adopted', planned.secretName, {
      description: planned.key.description,
      kmsKeyId: parts.encryptionKey.keyArn,
    });
  }

  /** A secret that is there already stays what it is, also without the stack. */
  private takenOver(provider: SecretProvider, { planned }: KeySecretProps) {
    const statements = () => addedStatements(this.access, planned.key.readers);
    const secret = provider.takeOver(this, 'Existing', planned, statements);
    return { secretId: secret.ref, ready: secret };
  }

  grantRead(role: IRole): void {
    if (this.access.every((access) => access.role !== role)) {
      this.access.push({ role, actions: SECRET_ACTIONS.inspect });
    }
  }
}
