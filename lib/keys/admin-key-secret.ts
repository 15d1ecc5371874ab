import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** The secret with the Admin API key. An administrator creates it, so that no deploy ever sees its value. */
export class AdminKeySecret extends Construct {
  private readonly arnPattern: string;

  constructor(scope: Construct, id: string, secretName: string) {
    super(scope, id);
    // Secrets Manager ends every ARN in a hyphen and six characters of its choice.
    this.arnPattern = Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: `secret:${secretName}-??????`,
    });
  }

  grantRead(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.arnPattern],
    });
  }
}
