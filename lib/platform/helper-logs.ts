import { type CfnResource, CustomResourceProviderBase, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** CDK's own functions that this system makes it add to the stack, and what their logs are called. */
const HELPERS = {
  TriggerLogs: 'AWSCDK.TriggerCustomResourceProviderCustomResourceProvider',
  EmptyBucketLogs: 'Custom::S3AutoDeleteObjectsCustomResourceProvider',
};

/** Gives them the logs that our functions have; Lambda's own would be kept forever, without our key. */
export function keepHelperLogs(system: Construct): void {
  for (const [name, id] of Object.entries(HELPERS)) {
    const helper = Stack.of(system).node.tryFindChild(id);
    if (!(helper instanceof CustomResourceProviderBase)) continue;
    const handler = helper.node.findChild('Handler') as CfnResource;
    const logGroup = new logs.LogGroup(system, name, {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    handler.addPropertyOverride('LoggingConfig', { LogGroup: logGroup.logGroupName });
  }
}
