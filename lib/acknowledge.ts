import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** Tells cdk-nag why CDK's grants to call a function end in `:*`. */
export function acknowledgeCallsOf(role: IRole, ...functions: readonly IFunction[]): void {
  for (const called of functions) {
    acknowledgeWildcard(role, `<${logicalId(called)}.Arn>:*`, 'any version of this one function');
  }
}

/** Tells cdk-nag why a role may use resources by a pattern. */
export function acknowledgeWildcard(role: IRole, resource: string, reason: string): void {
  Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
}

/** What CloudFormation calls the resource behind a construct. */
export function logicalId(construct: IConstruct): string {
  const resource = construct.node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) {
    throw new Error(`${construct.node.path} has no resource of its own`);
  }
  return Stack.of(construct).getLogicalId(resource);
}
