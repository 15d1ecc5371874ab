import { Duration, Validations } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { PER_FIVE_MINUTES } from './runbook-alarm.js';

const ACKNOWLEDGED = ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'].map((id) => ({
  id,
  reason: 'this queue is itself the dead-letter queue',
}));

/** Keeps what could not be delivered for as long as SQS can: encrypted, TLS only. */
export class DeadLetterQueue extends sqs.Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this).acknowledge(...ACKNOWLEDGED);
  }

  /** How many messages it holds. Each stands for something that did not happen. */
  metricMessages(options: MetricOptions = {}): Metric {
    return this.metricApproximateNumberOfMessagesVisible({
      ...PER_FIVE_MINUTES,
      statistic: 'Maximum',
      ...options,
    });
  }
}
