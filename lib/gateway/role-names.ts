import { Aws, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import { CfnRole, type IPrincipal, type IRole, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Stands for a value in a text that only the deploy knows. */
export const TOKEN = /\$\{Token\[[^\]]*\]\}/g;

export function roleOf(principal: IPrincipal): IRole | undefined {
  return 'roleArn' in principal ? (principal as IRole) : undefined;
}

/** Imported roles have ARNs of their own, which need no stack. */
export function isOfAnotherStack(role: IRole, scope: Construct): boolean {
  return role instanceof Role && Stack.of(role) !== Stack.of(scope);
}

/** Its ARN, as this stack can know it: from a role of another stack, which depends on this one, it can import nothing. */
export function principalOf(role: IRole, scope: Construct): string | undefined {
  const resource = resourceOf(role);
  if (resource === undefined) return role.roleArn;
  const { account } = Stack.of(resource);
  if (Stack.of(resource) === Stack.of(scope)) return resource.attrArn;
  return isGenerated(resource)
    ? undefined
    : `arn:${Aws.PARTITION}:iam::${account}:role/${resource.roleName}`;
}

/** What its name is, with `*` for what only the deploy knows. */
export function possibleNames(role: IRole): {
  readonly name: string;
  readonly isGenerated: boolean;
} {
  const resource = resourceOf(role);
  if (resource === undefined) return { name: asPattern(role.roleName), isGenerated: false };
  if (!isGenerated(resource))
    return { name: asPattern(resource.roleName ?? ''), isGenerated: false };
  // CloudFormation begins the names that it generates with that of the stack, shortened to 24 characters or more.
  return { name: `${asPattern(Stack.of(resource).stackName).slice(0, 20)}*`, isGenerated: true };
}

export function accountOf(role: IRole): string | undefined {
  const { account } = role.env;
  return /^\d{12}$/.test(account) ? account : undefined;
}

/** `undefined` for a role that is imported. Others may be wrapped, and refer to their resource all the same. */
function resourceOf(role: IRole): CfnRole | undefined {
  const { firstToken } = Tokenization.reverseString(role.roleName);
  const isReference = firstToken !== undefined && Reference.isReference(firstToken);
  return isReference && firstToken.target instanceof CfnRole ? firstToken.target : undefined;
}

function isGenerated(resource: CfnRole): boolean {
  return Stack.of(resource).resolve(resource.roleName) === undefined;
}

function asPattern(text: string): string {
  return text.replaceAll(TOKEN, '*');
}
