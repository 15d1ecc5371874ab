import { Duration, Validations } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

const ACKNOWLEDGED = ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'].map((id) => ({
  id,
  reason: 'this queue is itself the dead-letter queue',
}));

/** Keeps what could not be delivered for as long as SQS keeps anything: encrypted, TLS only. */
export class DeadLetterQueue extends sqs.Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this).acknowledge(...ACKNOWLEDGED);
  }
}
