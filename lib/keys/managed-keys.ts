import { NestedStack, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import { isExisting, type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { acknowledgeWildcard } from '../platform/acknowledge.js';
import { KeySecret, type KeySecretProps } from './key-secret.js';
import { SecretProvider } from './secret-provider.js';

export interface ManagedKeysProps extends Omit<KeySecretProps, 'planned' | 'provider'> {
  /** What Secrets Manager needs before it can call the rotation function. */
  readonly rotationPermission?: IDependable;
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
    if (props.adoptSecrets && props.removalPolicy === RemovalPolicy.DESTROY) {
      throw new Error(
        'adoptSecrets keeps secrets, which an ephemeral stack deletes: leave one out',
      );
    }
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
    const { policy, parts, rotationFunction, access, adoptSecrets } = this.props;
    const namesOf = (planned: readonly PlannedKey[]) => planned.map(({ secretName }) => secretName);
    const all = plannedKeys(policy);
    const existing = namesOf(all.filter(isExisting));
    const own = adoptSecrets ? namesOf(all.filter((one) => !isExisting(one))) : [];
    if (existing.length + own.length === 0) return undefined;
    for (const { role } of access) parts.encryptionKey.grantKeysOfSecrets(role);
    return new SecretProvider(this, 'Provider', {
      ...parts,
      rotationFunction,
      existing,
      own,
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
  const others = secretNames.flatMap((name) => [name, `${name}-??????`]);
  const resources = ['mistral/*', ...others].map((name) =>
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
