import {
  CustomResource,
  Duration,
  type ITaggableV2,
  Lazy,
  Stack,
  TagManager,
  TagType,
} from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import type { ProvidedSecretProperties } from '../../lambdas/provide-secret/handler.js';
import type { ProvideSecretEnv } from '../../lambdas/provide-secret/wiring.js';
import { acknowledgeWildcard } from '../platform/acknowledge.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';

import type { SecretAccess } from './secret-access.js';

const RESOURCE_TYPE = 'Custom::MistralSecret';

type OwnSettings = Omit<NonNullable<ProvidedSecretProperties['settings']>, 'tags'>;

interface OwnSecretProps {
  readonly serviceToken: string;
  readonly secretName: string;
  readonly settings: OwnSettings;
}

/** Takes the tags of its stack and app, as resources of CloudFormation do. */
class OwnSecret extends CustomResource implements ITaggableV2 {
  readonly cdkTagManager: TagManager;

  constructor(
    scope: Construct,
    id: string,
    { serviceToken, secretName, settings }: OwnSecretProps,
  ) {
    const tags = new TagManager(TagType.STANDARD, RESOURCE_TYPE);
    const properties = {
      secretName,
      settings: {
        ...settings,
        tags: tagProperties(tags),
      },
    } satisfies ProvidedSecretProperties;
    super(scope, id, { serviceToken, resourceType: RESOURCE_TYPE, properties });
    this.cdkTagManager = tags;
  }
}

/** Tags are known at the end of a synth. */
function tagProperties(tags: TagManager) {
  const rendered = () => Object.entries(tags.tagValues()).map(([Key, Value]) => ({ Key, Value }));
  return Lazy.any({ produce: rendered }) as unknown as { Key: string; Value: string }[];
}

export interface SecretProviderProps extends SystemParts {
  /** @default none: operator mode */
  readonly rotationFunction?: IFunction;
  /** The names of the secrets that are taken over. */
  readonly existing: readonly string[];
  /** The names of those of this product, if the function makes them. */
  readonly own: readonly string[];
}

/** Takes over secrets that are there already, and makes those of this product that are not: for deploys alone. */
export class SecretProvider extends Construct {
  readonly function: GovernanceFunction;

  /** To the secrets that it makes. */
  readonly access: SecretAccess;

  constructor(scope: Construct, id: string, props: SecretProviderProps) {
    super(scope, id);
    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'provide-secret',
      description: 'Provides secrets that may be there already, as resources of CloudFormation',
      policy: props.policy,
      environment: {
        ROTATION_FUNCTION_ARN: props.rotationFunction?.functionArn ?? 'none',
      } satisfies ProvideSecretEnv,
      timeout: Duration.minutes(15), // lists every key of the organization
    });
    const { executionRole } = this.function;
    const changes = ['DescribeSecret', 'TagResource', 'UpdateSecret'];
    const actions = changes.map((action) => `secretsmanager:${action}`);
    this.access = { role: executionRole, actions };
    props.adminKey?.grantRead(executionRole);
    props.encryptionKey.grantKeysOfSecrets(executionRole);
    if (props.existing.length > 0) this.grantTakeOver(executionRole, props.existing);
    if (props.own.length === 0) return;
    props.encryptionKey.grantEncryptDecrypt(executionRole);
    this.grantMake(executionRole, props.own);
  }

  /** Before the statements of this product are in the policies of the secrets. */
  private grantTakeOver(role: iam.IRole, secretNames: readonly string[]): void {
    iam.Grant.addToPrincipal({
      grantee: role,
      actions: [
        'secretsmanager:DeleteResourcePolicy',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetResourcePolicy',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutResourcePolicy',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      resourceArns: secretNames.flatMap((name) => this.arnsOf(name)),
    });
  }

  private grantMake(role: iam.IRole, secretNames: readonly string[]): void {
    const others = secretNames.filter((name) => !name.startsWith('mistral/'));
    const resourceArns = [this.arnOf('mistral/*'), ...others.flatMap((name) => this.arnsOf(name))];
    const actions = ['CreateSecret', 'DescribeSecret', 'TagResource', 'UpdateSecret'];
    iam.Grant.addToPrincipal({
      grantee: role,
      actions: actions.map((action) => `secretsmanager:${action}`),
      resourceArns,
    });
    acknowledgeWildcard(
      role,
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:mistral/*',
      'the secrets of this product, of any workspace and key',
    );
  }

  /** One that is not there has an ARN without Secrets Manager's suffix. */
  private arnsOf(name: string): string[] {
    return [this.arnOf(name), this.arnOf(`${name}-??????`)];
  }

  private arnOf(name: string): string {
    const resource = `secret:${name}`;
    return Stack.of(this).formatArn({ service: 'secretsmanager', resource });
  }

  /** A secret of this product, which may have been left by an earlier stack; its `ref` is the ARN. */
  make(scope: Construct, id: string, secretName: string, settings: OwnSettings): CustomResource {
    return new OwnSecret(scope, id, {
      serviceToken: this.function.functionArn,
      secretName,
      settings,
    });
  }

  /** The secret of a key that is there already; its `ref` is the ARN. */
  takeOver(
    scope: Construct,
    id: string,
    { secretName }: PlannedKey,
    statements: () => readonly iam.PolicyStatement[],
  ): CustomResource {
    const properties = {
      secretName,
      // By the time of synth, code may have let in more roles.
      statements: Lazy.any({
        produce: () => statements().map((statement) => statement.toStatementJson()),
      }) as unknown as ProvidedSecretProperties['statements'],
    } satisfies ProvidedSecretProperties;
    return new CustomResource(scope, id, {
      serviceToken: this.function.functionArn,
      resourceType: RESOURCE_TYPE,
      properties,
    });
  }
}
