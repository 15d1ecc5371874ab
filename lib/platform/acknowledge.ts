import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Rules of cdk-nag that do not fit any resource of a kind, and why. */
const WHOLE_KINDS = [
  {
    id: 'NIST.800.53.R5-IAMNoInlinePolicy',
    reason:
      'each policy belongs to the one role it was written for, and is changed and deleted with it',
  },
  {
    id: 'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
    reason: 'of our one KMS key alone: data keys with and without their plaintext',
  },
  {
    id: 'AwsSolutions-IAM5[Action::kms:ReEncrypt*]',
    reason: 'of our one KMS key alone: from it and to it',
  },
];

const DEAD_LETTERS =
  'Secrets Manager, Step Functions, a deploy and callers of the gateway wait for the answer; ' +
  'what a scheduled run missed, the next one does, and an alarm reports it';

const FUNCTION_RULES = [
  { id: 'Serverless-LambdaDLQ', reason: DEAD_LETTERS },
  { id: 'NIST.800.53.R5-LambdaDLQ', reason: DEAD_LETTERS },
  {
    id: 'NIST.800.53.R5-LambdaConcurrency',
    reason:
      'a reserve would come out of what the account leaves to its other functions, and few run at once: ' +
      'schedules, the retirement flow and Secrets Manager start them, and quotas hold the gateway',
  },
  {
    id: 'NIST.800.53.R5-LambdaInsideVPC',
    reason: 'it calls public APIs of AWS and Mistral over TLS, and nothing that is inside a VPC',
  },
];

/** Acknowledges the rules of cdk-nag that concern whole kinds of resources. */
export function acknowledgeWholeKinds(system: IConstruct): void {
  Validations.of(system).acknowledge(...WHOLE_KINDS);
}

/** Acknowledges why functions have no VPC, no dead-letter queue and no reserved concurrency. */
export function acknowledgeFunction(fn: IConstruct): void {
  Validations.of(fn).acknowledge(...FUNCTION_RULES);
}

/** Acknowledges why a role, or a policy of one, may use resources by a pattern. */
export function acknowledgeWildcard(grantee: IConstruct, resource: string, reason: string): void {
  Validations.of(grantee).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
}

/** The logical id of the resource behind a construct. */
export function logicalId(construct: IConstruct): string {
  const resource = construct.node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) {
    throw new Error(`${construct.node.path} has no resource of its own`);
  }
  return Stack.of(construct).getLogicalId(resource);
}
