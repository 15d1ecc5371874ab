import { Lazy, NestedStack, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { isExisting, type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { acknowledgeWildcard } from '../platform/acknowledge.js';
import type { SystemParts } from '../platform/system-parts.js';
import {
  addedStatements,
  SECRET_ACTIONS,
  type SecretAccess,
  secretPolicy,
} from './secret-access.js';
import { SecretProvider } from './secret-provider.js';

const NO_ROTATION_IN_OPERATOR_MODE = [
  'AwsSolutions-SMG4',
  'NIST.800.53.R5-SecretsManagerRotationEnabled',
].map((id) => ({
  id,
  reason:
    'operator mode: no function can create a key, an operator must supply each when it is due',
}));

export interface ManagedKeysProps {
  readonly policy: Policy;

  readonly parts: SystemParts;

  /**
   * Creates each key and its successors.
   *
   * @default none: operator mode, in which no secret rotates by itself
   */
  readonly rotationFunction?: IFunction;

  /** What Secrets Manager needs before it can call the rotation function. */
  readonly rotationPermission?: IDependable;

  /** What functions of this system may do with every secret. */
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
  private readonly bySecretName = new Map<string, KeySecret>();

  /** Only where the policy has secrets that are there already. */
  private readonly provider: SecretProvider | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ManagedKeysProps,
  ) {
    super(scope, id);
    const ownNames = plannedKeys(props.policy).flatMap(({ key }) => key.secret?.name ?? []);
    for (const { role, actions } of props.access) {
      if (actions.includes('secretsmanager:DescribeSecret')) grantDescribe(role, this, ownNames);
    }
    this.provider = this.providerOfExisting();
    this.addMissing(props.policy);
  }

  /** Adds the secrets of the keys that a policy has and that are not there yet. */
  addMissing(policy: Policy): void {
    for (const planned of plannedKeys(policy)) {
      if (this.bySecretName.has(planned.secretName)) continue;
      const secret = new KeySecret(this.stackOf(planned.workspace), planned.key.name, {
        ...this.props,
        provider: this.provider,
        planned,
      });
      this.bySecretName.set(planned.secretName, secret);
    }
  }

  private providerOfExisting(): SecretProvider | undefined {
    const { policy, parts, rotationFunction, access } = this.props;
    const existing = plannedKeys(policy).filter(isExisting);
    if (existing.length === 0 || !rotationFunction) return undefined;
    for (const { role } of access) parts.encryptionKey.grantKeysOfSecrets(role);
    return new SecretProvider(this, 'Provider', {
      ...parts,
      rotationFunction,
      secretNames: existing.map(({ secretName }) => secretName),
    });
  }

  private stackOf(workspace: Workspace): Construct {
    const found = this.node.tryFindChild(workspace.name) as WorkspaceKeys | undefined;
    return found ?? new WorkspaceKeys(this, workspace.name, workspace, this.props);
  }

  get secretNames(): readonly string[] {
    return [...this.bySecretName.keys()];
  }

  /** Grants a role read access to the secret of this name, besides the key's `readers`. */
  grantRead(role: IRole, secretName: string): void {
    this.bySecretName.get(secretName)?.grantRead(role);
  }
}

/**
 * Lets a function see that a secret is gone. The secret's own policy, which grants all else, is gone with it,
 * and Secrets Manager then says that it is not authorized.
 */
function grantDescribe(role: IRole, scope: Construct, secretNames: readonly string[]): void {
  const resources = ['mistral/*', ...secretNames.map((name) => `${name}-??????`)].map((name) =>
    Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${name}` }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['secretsmanager:DescribeSecret'], resources }),
  );
  acknowledgeWildcard(
    role,
    'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:mistral/*',
    'also of secrets that were deleted, or left the policy; it reads no value',
  );
}

class WorkspaceKeys extends NestedStack {
  constructor(
    scope: Construct,
    id: string,
    workspace: Workspace,
    { rotationPermission }: ManagedKeysProps,
  ) {
    super(scope, id, {
      description: `Mistral keys of ${workspace.name}`,
      suppressTemplateIndentation: true,
    });
    if (rotationPermission) this.node.addDependency(rotationPermission);
    Tags.of(this).add('mistral-workspace', workspace.name);
    Tags.of(this).add('team', workspace.team.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, '_'));
  }
}

interface KeySecretProps extends ManagedKeysProps {
  readonly planned: PlannedKey;
  readonly provider: SecretProvider | undefined;
}

/** The secret of one key, its resource policy and its rotation schedule. It is empty until its first rotation. */
class KeySecret extends Construct {
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

  private created({ planned, parts, removalPolicy: given, ...props }: KeySecretProps) {
    const { key, secretName } = planned;
    const secret = new secretsmanager.CfnSecret(this, 'Secret', {
      name: secretName,
      description: key.description,
      kmsKeyId: parts.encryptionKey.keyArn,
    });
    // On update or delete alone: a secret that a failed deploy left behind would block its name.
    const removalPolicy = given ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    secret.applyRemovalPolicy(removalPolicy);

    const policy = new secretsmanager.CfnResourcePolicy(this, 'Policy', {
      secretId: secret.ref,
      resourcePolicy: Lazy.any({
        produce: () => secretPolicy(this.access, key.readers, props.policy.administrators, this),
      }),
      blockPublicPolicy: true,
    });
    // A secret that left the policy stays protected, and its key is still to be retired.
    policy.applyRemovalPolicy(removalPolicy);
    if (!props.rotationFunction) {
      Validations.of(secret).acknowledge(...NO_ROTATION_IN_OPERATOR_MODE);
    }
    return { secretId: secret.ref, ready: policy };
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
