import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ownSecretPolicy } from './secret-access.js';

export interface AdminKeySecretProps {
  readonly secretName: string;

  /** Who alone may change the secret; where there are none, no change is denied. */
  readonly administrators: readonly string[];

  /**
   * Whether the secret's policy outlives its stack, as the secret does.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The secret with the Admin API key. An administrator creates it, so that no deploy ever sees its value; where
 * the policy names administrators, the deploy denies all others to change it.
 */
export class AdminKeySecret extends Construct {
  private readonly arnPattern: string;

  constructor(scope: Construct, id: string, props: AdminKeySecretProps) {
    super(scope, id);
    const {
      secretName,
      administrators,
      removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    } = props;
    // Secrets Manager ends every ARN in a hyphen and six characters of its choice.
    this.arnPattern = Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: `secret:${secretName}-??????`,
    });
    if (administrators.length === 0) return;
    const policy = new CfnResourcePolicy(this, 'Policy', {
      secretId: secretName,
      resourcePolicy: ownSecretPolicy(administrators, this),
      blockPublicPolicy: true,
    });
    // The secret outlives the stack, and stays protected.
    policy.applyRemovalPolicy(removalPolicy);
  }

  grantRead(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.arnPattern],
    });
  }
}
