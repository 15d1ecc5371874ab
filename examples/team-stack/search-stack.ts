import { join } from 'node:path';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MistralGovernance, type Policy } from 'mistral-governance/cdk';

export interface SearchStackProps extends StackProps {
  readonly policy: Policy;
}

/** A team's own stack: its services, and the governance of its Mistral keys. */
export class SearchStack extends Stack {
  constructor(scope: Construct, id: string, props: SearchStackProps) {
    super(scope, id, props);

    const governance = new MistralGovernance(this, 'Keys', { policy: props.policy });
    governance.addOutputs(); // for `npx --no -- mistral-governance --stack Search`

    this.addGatewayCaller(governance);
    this.addKeyReader(governance);
    this.addCriticalAlertsQueue(governance);
  }

  /** A service without a key, which the gateway knows by its role. */
  private addGatewayCaller(governance: MistralGovernance): void {
    const answer = new NodejsFunction(this, 'Answer', {
      entry: join(import.meta.dirname, 'answer.ts'),
      runtime: lambda.Runtime.NODEJS_24_X,
      timeout: Duration.minutes(1),
      environment: { GATEWAY_URL: governance.gatewayUrl ?? '' },
      bundling: { format: OutputFormat.ESM, bundleAwsSDK: true, minify: true },
    });
    governance.addCaller(answer, { role: 'service', workspace: 'search-workspace' });
  }

  /** A service with its own key, for `createGovernedMistral`. */
  private addKeyReader(governance: MistralGovernance): void {
    const taskRole = new iam.Role(this, 'IndexTaskRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    governance.grantReadKey(taskRole, 'search-workspace', 'index-key');
    governance.grantMeter(taskRole, 'search-workspace');
  }

  /** A subscription in addition to those of the policy. */
  private addCriticalAlertsQueue(governance: MistralGovernance): void {
    const queue = new sqs.Queue(this, 'Critical', { enforceSSL: true });
    governance.alertsTopic.addSubscription(
      new SqsSubscription(queue, {
        filterPolicy: { severity: SubscriptionFilter.stringFilter({ allowlist: ['critical'] }) },
      }),
    );
  }
}
