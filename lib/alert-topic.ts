import { Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Policy } from '../lambdas/domain/policy.js';
import type { EncryptionKey } from './encryption-key.js';

type Subscription = Policy['alerts']['subscriptions'][number];

export interface AlertTopicProps {
  readonly encryptionKey: EncryptionKey;

  /**
   * Who gets the alerts, and which. A queue or function must itself let the topic in, except
   * functions of this account.
   *
   * @default nobody yet
   */
  readonly subscriptions?: readonly Subscription[];
}

/** The one topic through which on-call hears of everything: encrypted, TLS only. */
export class AlertTopic extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: AlertTopicProps) {
    super(scope, id);

    this.topic = new sns.Topic(this, 'Topic', {
      displayName: 'Mistral governance',
      masterKey: props.encryptionKey,
      enforceSSL: true,
    });
    const { account } = Stack.of(this);
    props.encryptionKey.grantAlarms(account);
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    for (const subscription of props.subscriptions ?? []) this.subscribe(subscription);
  }

  /** Tells on-call when the alarm goes off, and when it is over. */
  watch(alarm: Alarm): void {
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }

  grantPublish(grantee: iam.IGrantable): void {
    this.topic.grantPublish(grantee);
  }

  private subscribe({ protocol, endpoint, filter }: Subscription): void {
    const id = `${protocol}:${endpoint}`;
    new sns.CfnSubscription(this, id, {
      topicArn: this.topic.topicArn,
      protocol,
      endpoint,
      filterPolicy: filter,
    });
    if (protocol !== 'lambda') return;
    new CfnPermission(this, `${id}:permission`, {
      action: 'lambda:InvokeFunction',
      functionName: endpoint,
      principal: 'sns.amazonaws.com',
      sourceArn: this.topic.topicArn,
    });
  }
}
