import { Aws, DefaultStackSynthesizer, Fn, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What `cdk bootstrap` creates for CloudFormation. */
const BOOTSTRAPPED = 'role/cdk-*-cfn-exec-role-*';

/**
 * Conditions of a denial that holds for everybody but these. Never for the account's root user, CloudFormation
 * or an AWS service itself: what the product has must stay within reach of who owns and deploys it.
 */
export function everybodyBut(arns: readonly string[], scope: IConstruct) {
  const ofAccount = (resource: string) => `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:${resource}`;
  return {
    ArnNotLike: {
      'aws:PrincipalArn': [
        ...arns.map(asPattern),
        ofAccount('root'),
        ofAccount(BOOTSTRAPPED),
        ...ownDeployRole(scope),
      ],
    },
    BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    // Of a deploy without such a role.
    'ForAllValues:StringNotEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] },
  };
}

/** An account's root stands for every principal of that account. */
export function asPattern(arn: string): string {
  return arn.endsWith(':root') ? arn.replace(/root$/, '*') : arn;
}

/** CloudFormation's role in a bootstrap with names of its own. */
function ownDeployRole(scope: IConstruct): string[] {
  const { synthesizer } = outermost(Stack.of(scope));
  if (!(synthesizer instanceof DefaultStackSynthesizer)) return [];
  const arn = synthesizer.cloudFormationExecutionRoleArn;
  return /:role\/cdk-[^/]*-cfn-exec-role-[^/]*$/.test(arn) ? [] : [Fn.sub(arn)];
}

function outermost(stack: Stack): Stack {
  return stack.nestedStackParent ? outermost(stack.nestedStackParent) : stack;
}
