import { PermissionsBoundary } from 'aws-cdk-lib';

const ARN = /^arn:[\w-]+:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;
const NAME = /^[\w+=,.@-]+(\/[\w+=,.@-]+)*$/;

/** The managed policy that bounds every role of a stack, from its ARN or its name in the account. */
export function permissionsBoundary(nameOrArn: string): PermissionsBoundary {
  if (ARN.test(nameOrArn)) return PermissionsBoundary.fromArn(nameOrArn);
  if (NAME.test(nameOrArn)) return PermissionsBoundary.fromName(nameOrArn);
  throw new Error(
    `permissionsBoundary: "${nameOrArn}" is not a managed policy, allowed are its name and its ARN`,
  );
}
