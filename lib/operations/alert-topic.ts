import { Aws, CfnCondition, Fn, Lazy, Stack, Stage } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { AlertsEnv } from '../../governance/alerts/alert-origin.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { EncryptionKey } from '../platform/encryption-key.js';
import type { GovernanceFunction } from '../platform/governance-function.js';
import { asPattern, everybodyBut } from '../platform/owners.js';
import { DeadLetterQueue } from './dead-letter-queue.js';
import { grantPutEvents } from './event-bus.js';
import { RunbookAlarm, type RunbookAlarmProps, type WatchedAlarm } from './runbook-alarm.js';

type Subscription = Policy['alerts']['subscriptions'][number];

export interface AlertTopicProps {
  readonly encryptionKey: EncryptionKey;

  /**
   * Who gets which alerts, and which page has a heading for each alarm. A queue, or a function of another account or
   * region, must itself allow the topic. `administrators` alone publish by hand; so do plain gateways, the `readers`.
   */
  readonly rules: Pick<Policy, 'administrators' | 'alerts' | 'events' | 'gateway'>;

  /** What alerts call this one of several environments. @default the name of the stack's stage, if it has one */
  readonly environment?: string;
}

/** All by which alerts could be forged or kept from on-call; SNS takes few actions in a topic's policy. */
const CHANGES = [
  'sns:AddPermission',
  'sns:DeleteTopic',
  'sns:RemovePermission',
  'sns:SetTopicAttributes',
] as const;

/** The one topic for all alerts and alarms: encrypted, TLS only. */
export class AlertTopic extends Construct {
  readonly topic: sns.Topic;

  /** Of the alarms that notify on-call. */
  readonly runbookUrl: string;

  /** Alerts that a subscriber did not accept. */
  private readonly undelivered: DeadLetterQueue;

  /** The alarms that notify on-call. */
  readonly watched: WatchedAlarm[] = [];

  /** ARNs of the roles that may publish. */
  private readonly publishers: string[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AlertTopicProps,
  ) {
    super(scope, id);

    const { administrators, alerts, gateway } = props.rules;
    this.runbookUrl = alerts.runbookUrl;
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
    this.publishers = gateway.readers.map(asPattern);
    if (administrators.length > 0) this.denyOthers(administrators);
    this.undelivered = this.keepUndelivered();
    for (const subscription of alerts.subscriptions) this.subscribe(subscription);
  }

  /** An alarm that is watched. */
  alarm(scope: Construct, id: string, props: Omit<RunbookAlarmProps, 'runbookUrl'>): void {
    this.watch(new RunbookAlarm(scope, id, { ...props, runbookUrl: this.runbookUrl }));
  }

  /** Notifies on-call when the alarm goes off, and when it is over. */
  watch(alarm: WatchedAlarm): void {
    this.watched.push(alarm);
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }

  /** What a function that publishes is deployed with. */
  get variables(): Readonly<Record<'ALERTS_TOPIC_ARN' | 'STACK_NAME', string>> {
    const ENVIRONMENT_NAME = this.props.environment ?? Stage.of(this)?.stageName;
    return {
      ALERTS_TOPIC_ARN: this.topic.topicArn,
      STACK_NAME: Stack.of(this).stackName,
      ...(ENVIRONMENT_NAME && ({ ENVIRONMENT_NAME } satisfies Partial<AlertsEnv>)),
    };
  }

  /** What on-call is notified of, programs hear of on the event bus. */
  grantPublish(publisher: GovernanceFunction): void {
    this.topic.grantPublish(publisher);
    grantPutEvents(publisher, this.props.rules.events, this);
    this.publishers.push(publisher.executionRole.roleArn);
  }

  /** A false alert makes people act. Alarms are spared, as all that AWS's services do themselves is. */
  private denyOthers(administrators: readonly string[]): void {
    const spared = everybodyBut(administrators, this);
    this.deny('DenyOthersToChange', CHANGES, spared);
    this.deny('DenyOtherPublishers', ['sns:Publish'], {
      ...spared,
      ArnNotLike: {
        'aws:PrincipalArn': Lazy.any({
          produce: () => [...this.publishers, ...spared.ArnNotLike['aws:PrincipalArn']],
        }),
      },
    });
  }

  private deny(
    sid: string,
    actions: readonly string[],
    conditions: iam.PolicyStatementProps['conditions'],
  ): void {
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid,
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: [...actions],
        resources: [this.topic.topicArn],
        conditions,
      }),
    );
  }

  private keepUndelivered(): DeadLetterQueue {
    const undelivered = new DeadLetterQueue(this, 'Undelivered');
    undelivered.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [undelivered.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': this.topic.topicArn } },
      }),
    );
    this.alarm(this, 'NotDelivered', {
      alarmName: 'governance-alerts-undelivered',
      description: 'An alert could not be delivered to a subscriber',
      metric: undelivered.metricMessages(),
    });
    return undelivered;
  }

  private subscribe({ protocol, endpoint, filter }: Subscription): void {
    const id = `${protocol}:${endpoint}`;
    const subscribed = new sns.CfnSubscription(this, id, {
      topicArn: this.topic.topicArn,
      protocol,
      endpoint,
      filterPolicy: filter,
      redrivePolicy: { deadLetterTargetArn: this.undelivered.queueArn },
    });
    subscribed.node.addDependency(this.undelivered); // with the policy that allows SNS
    if (protocol !== 'lambda') return;
    const permission = new CfnPermission(this, `${id}:permission`, {
      action: 'lambda:InvokeFunction',
      functionName: endpoint,
      principal: 'sns.amazonaws.com',
      sourceArn: this.topic.topicArn,
    });
    const [, , , region = '', account = ''] = endpoint.split(':');
    // A deploy could not change the policy of a function elsewhere, and would fail.
    permission.cfnOptions.condition = new CfnCondition(this, `${id}:here`, {
      expression: Fn.conditionAnd(
        Fn.conditionEquals(Aws.ACCOUNT_ID, account),
        Fn.conditionEquals(Aws.REGION, region),
      ),
    });
  }
}
