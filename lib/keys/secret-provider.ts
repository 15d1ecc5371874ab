import { CustomResource, Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import type { ProvidedSecretProperties } from '../../lambdas/provide-secret/handler.js';
import type { ProvideSecretEnv } from '../../lambdas/provide-secret/wiring.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';

export interface SecretProviderProps extends SystemParts {
  readonly rotationFunction: IFunction;
  /** The names of the secrets that are taken over. */
  readonly secretNames: readonly string[];
}

/** Takes over secrets that are there already: for deploys alone. */
export class SecretProvider extends Construct {
  readonly function: GovernanceFunction;

  constructor(scope: Construct, id: string, props: SecretProviderProps) {
    super(scope, id);
    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'provide-secret',
      description: 'Takes over secrets that were there before, as a resource of CloudFormation',
      policy: props.policy,
      environment: {
        ROTATION_FUNCTION_ARN: props.rotationFunction.functionArn,
      } satisfies ProvideSecretEnv,
      timeout: Duration.minutes(15), // lists every key of the organization
    });
    const { executionRole } = this.function;
    props.adminKey?.grantRead(executionRole);
    props.encryptionKey.grantKeysOfSecrets(executionRole);
    this.grantSecrets(executionRole, props.secretNames);
  }

  /** Before the statements of this product are in the policies of the secrets. */
  private grantSecrets(role: iam.IRole, secretNames: readonly string[]): void {
    const arns = secretNames.map((name) =>
      Stack.of(this).formatArn({ service: 'secretsmanager', resource: `secret:${name}-??????` }),
    );
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
      resourceArns: arns,
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
      statements: Lazy.any({
        produce: () => statements().map((statement) => statement.toStatementJson()),
      }) as unknown as ProvidedSecretProperties['statements'],
    } satisfies ProvidedSecretProperties;
    return new CustomResource(scope, id, {
      serviceToken: this.function.functionArn,
      resourceType: 'Custom::MistralSecret',
      properties,
    });
  }
}
