import { NestedStack, RemovalPolicy, Tags } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { type PlannedKey, plannedKeys } from '../lambdas/domain/planned-keys.js';
import type { Policy, Workspace } from '../lambdas/domain/policy.js';
import { type SecretAccess, secretPolicy } from './secret-access.js';

export interface ManagedKeysProps {
  readonly policy: Policy;

  readonly encryptionKey: IKey;

  /** Makes each key and its successors. */
  readonly rotationFunction: IFunction;

  /** What Secrets Manager needs before it can call the rotation function. */
  readonly rotationPermission: IDependable;

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
  constructor(scope: Construct, id: string, props: ManagedKeysProps) {
    super(scope, id);
    const planned = plannedKeys(props.policy);
    for (const workspace of props.policy.workspaces) {
      const keys = planned.filter((key) => key.workspace === workspace);
      if (keys.length > 0) new WorkspaceKeys(this, workspace.name, workspace, keys, props);
    }
  }
}

class WorkspaceKeys extends NestedStack {
  constructor(
    scope: Construct,
    id: string,
    workspace: Workspace,
    keys: readonly PlannedKey[],
    props: ManagedKeysProps,
  ) {
    super(scope, id, { description: `Mistral keys of ${workspace.name}` });
    this.node.addDependency(props.rotationPermission);
    Tags.of(this).add('mistral-workspace', workspace.name);
    Tags.of(this).add('team', workspace.team.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, '_'));
    for (const planned of keys) new ManagedKey(this, planned.key.name, { ...props, planned });
  }
}

interface ManagedKeyProps extends ManagedKeysProps {
  readonly planned: PlannedKey;
}

/** The secret of one key, who may use it, and when it rotates. It is empty until its first rotation. */
class ManagedKey extends Construct {
  constructor(scope: Construct, id: string, props: ManagedKeyProps) {
    super(scope, id);
    const { key, secretName: name } = props.planned;
    const secret = new secretsmanager.CfnSecret(this, 'Secret', {
      name,
      description: key.description,
      kmsKeyId: props.encryptionKey.keyArn,
    });
    // A secret that a failed deploy left behind would keep its name from the next deploy.
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    secret.applyRemovalPolicy(removalPolicy);

    const policy = new secretsmanager.CfnResourcePolicy(this, 'Policy', {
      secretId: secret.ref,
      resourcePolicy: secretPolicy(
        props.access.filter(({ keyName }) => keyName === undefined || keyName === key.name),
        key.readers,
      ),
    });
    // A secret that left the policy stays guarded, and its key is still to be retired.
    policy.applyRemovalPolicy(removalPolicy);
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
}
