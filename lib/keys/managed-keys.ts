import { Lazy, NestedStack, RemovalPolicy, Tags, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { SECRET_ACTIONS, type SecretAccess, secretPolicy } from './secret-access.js';

const SUPPLIED_BY_A_PERSON = [
  'AwsSolutions-SMG4',
  'NIST.800.53.R5-SecretsManagerRotationEnabled',
].map((id) => ({
  id,
  reason: 'no function can create a key: a person is asked for each when it is due',
}));

export interface ManagedKeysProps {
  readonly policy: Policy;

  readonly encryptionKey: IKey;

  /**
   * Makes each key and its successors.
   *
   * @default none: a person supplies keys, so that nothing can rotate by itself
   */
  readonly rotationFunction?: IFunction;

  /** What Secrets Manager needs before it can call the rotation function. */
  readonly rotationPermission?: IDependable;

  /** Who of ours may do what with every secret. */
  readonly access: readonly SecretAccess[];

  /**
   * Whether secrets outlive their place in the policy.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * One secret for each key of the policy, in one nested stack for each workspace: hundreds of
 * workspaces stay below CloudFormation's 500 resources a stack.
 */
export class ManagedKeys extends Construct {
  private readonly bySecretName = new Map<string, ManagedKey>();

  constructor(scope: Construct, id: string, props: ManagedKeysProps) {
    super(scope, id);
    const planned = plannedKeys(props.policy);
    for (const workspace of props.policy.workspaces) {
      const keys = planned.filter((key) => key.workspace === workspace);
      if (keys.length === 0) continue;
      const { managed } = new WorkspaceKeys(this, workspace.name, workspace, keys, props);
      for (const key of managed) this.bySecretName.set(key.secretName, key);
    }
  }

  get secretNames(): readonly string[] {
    return [...this.bySecretName.keys()];
  }

  /** Lets a role read the secret of this name, besides the key's `readers`. */
  grantRead(role: IRole, secretName: string): void {
    this.bySecretName.get(secretName)?.grantRead(role);
  }
}

class WorkspaceKeys extends NestedStack {
  readonly managed: readonly ManagedKey[];

  constructor(
    scope: Construct,
    id: string,
    workspace: Workspace,
    keys: readonly PlannedKey[],
    props: ManagedKeysProps,
  ) {
    super(scope, id, { description: `Mistral keys of ${workspace.name}` });
    if (props.rotationPermission) this.node.addDependency(props.rotationPermission);
    Tags.of(this).add('mistral-workspace', workspace.name);
    Tags.of(this).add('team', workspace.team.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, '_'));
    this.managed = keys.map(
      (planned) => new ManagedKey(this, planned.key.name, { ...props, planned }),
    );
  }
}

interface ManagedKeyProps extends ManagedKeysProps {
  readonly planned: PlannedKey;
}

/** The secret of one key, who may use it, and when it rotates. It is empty until its first rotation. */
class ManagedKey extends Construct {
  readonly secretName: string;

  private readonly access: SecretAccess[];

  constructor(scope: Construct, id: string, props: ManagedKeyProps) {
    super(scope, id);
    const { key, secretName } = props.planned;
    this.secretName = secretName;
    this.access = props.access.filter(
      ({ keyName }) => keyName === undefined || keyName === key.name,
    );
    const secret = new secretsmanager.CfnSecret(this, 'Secret', {
      name: secretName,
      description: key.description,
      kmsKeyId: props.encryptionKey.keyArn,
    });
    // A secret that a failed deploy left behind would keep its name from the next deploy.
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    secret.applyRemovalPolicy(removalPolicy);

    const policy = new secretsmanager.CfnResourcePolicy(this, 'Policy', {
      secretId: secret.ref,
      resourcePolicy: Lazy.any({ produce: () => secretPolicy(this.access, key.readers) }),
    });
    // A secret that left the policy stays guarded, and its key is still to be retired.
    policy.applyRemovalPolicy(removalPolicy);
    if (!props.rotationFunction) {
      Validations.of(secret).acknowledge(...SUPPLIED_BY_A_PERSON);
      return;
    }
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId: secret.ref,
      rotationLambdaArn: props.rotationFunction.functionArn,
      rotationRules: { scheduleExpression: `rate(${key.rotateEveryDays} days)` },
      // A changed interval must not rotate every key at once; new keys have their own start.
      rotateImmediatelyOnUpdate: false,
    });
    // Secrets Manager tries the function as soon as it has a schedule.
    schedule.addResourceDependency(policy);
  }

  grantRead(role: IRole): void {
    if (this.access.every((access) => access.role !== role)) {
      this.access.push({ role, actions: SECRET_ACTIONS.look });
    }
  }
}
