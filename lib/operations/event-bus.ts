import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { EVENT_SOURCE } from '../../governance/policy/event-names.js';
import type { Policy } from '../../governance/policy/policy.js';

/** Lets a function put events of this product on the policy's event bus, and no others on no other. */
export function grantPutEvents(
  grantee: IGrantable,
  { busName }: Policy['events'],
  scope: Construct,
): void {
  const busArn = busName.startsWith('arn:')
    ? busName
    : Stack.of(scope).formatArn({
        service: 'events',
        resource: 'event-bus',
        resourceName: busName,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
  Grant.addToPrincipal({
    grantee,
    actions: ['events:PutEvents'],
    resourceArns: [busArn],
    conditions: { StringEquals: { 'events:source': EVENT_SOURCE } },
  });
}
