import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { DENY_OTHER_READERS as SID_OF_READERS } from '../../governance/keys/managed-secrets.aws.js';
import type { OWN_SID as SID_OF_OWN } from '../../governance/keys/policy-statements.js';
import { accountsOf } from '../../governance/policy/deploy-checks.js';
import { asPattern, everybodyBut } from '../platform/owners.js';

const DENY_OTHER_READERS: typeof SID_OF_READERS = 'DenyOtherReaders';
const OWN_SID: typeof SID_OF_OWN = 'MistralGovernance';

/** What a function of this system may do with managed secrets. */
export interface SecretAccess {
  readonly role: iam.IRole;
  readonly actions: readonly string[];

  /**
   * Restricts the access to secrets of keys of this name.
   *
   * @default every key
   */
  readonly keyName?: string;
}

const INSPECT = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];

/** All that changes a secret, its versions or who may use it. */
const WRITES = [
  'secretsmanager:CancelRotateSecret',
  'secretsmanager:DeleteResourcePolicy',
  'secretsmanager:DeleteSecret',
  'secretsmanager:PutResourcePolicy',
  'secretsmanager:PutSecretValue',
  'secretsmanager:RemoveRegionsFromReplication',
  'secretsmanager:ReplicateSecretToRegions',
  'secretsmanager:RestoreSecret',
  'secretsmanager:RotateSecret',
  'secretsmanager:StopReplicationToReplica',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
] as const;

/** The sets of actions that our functions need on a managed secret. */
export const SECRET_ACTIONS = {
  rotate: [...INSPECT, 'secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'],
  verifyAndPromote: [...INSPECT, 'secretsmanager:UpdateSecretVersionStage'],
  inspect: INSPECT,
  read: ['secretsmanager:GetSecretValue'],
  audit: [...INSPECT, 'secretsmanager:GetResourcePolicy', 'secretsmanager:ListSecretVersionIds'],
  provision: [...INSPECT, 'secretsmanager:RotateSecret'],
} as const;

/**
 * The resource policy of one secret, which alone grants its use: to roles of this system and the key's
 * readers. Others are denied its value, and all changes if the policy names administrators, even if their own
 * policies allow it.
 */
export function secretPolicy(
  access: readonly SecretAccess[],
  readers: readonly string[],
  administrators: readonly string[],
  scope: IConstruct,
): iam.PolicyDocument {
  const writers = access
    .filter(({ actions }) => actions.some(isWrite))
    .map(({ role }) => role.roleArn);
  const reads = access.filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'));
  return new iam.PolicyDocument({
    statements: [
      ...grantStatements(access),
      ...readStatements(readers),
      ...denyOtherWriters(writers, administrators, scope),
      new iam.PolicyStatement({
        sid: DENY_OTHER_READERS,
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: ['secretsmanager:GetSecretValue'],
        resources: ['*'],
        conditions: {
          ArnNotLike: {
            'aws:PrincipalArn': [
              ...reads.map(({ role }) => role.roleArn),
              ...readers.map(asPattern),
            ],
          },
        },
      }),
      onlyOverTls(),
    ],
  });
}

/**
 * What is added to the policy of a secret that was there before: it lets in roles of this system and the key's readers,
 * and denies nothing, since others may use the secret.
 */
export function addedStatements(
  access: readonly SecretAccess[],
  readers: readonly string[],
): iam.PolicyStatement[] {
  return [...grantStatements(access), ...readStatements(readers)].map((statement, index) => {
    statement.sid = `${OWN_SID}${index}`;
    return statement;
  });
}

function grantStatements(access: readonly SecretAccess[]): iam.PolicyStatement[] {
  return access.map(
    ({ role, actions }) =>
      new iam.PolicyStatement({
        principals: [new iam.ArnPrincipal(role.roleArn)],
        actions: [...actions],
        resources: ['*'],
      }),
  );
}

/** Named by condition, not as principals: a reader's role may be created, or created again, after the secret. */
function readStatements(readers: readonly string[]): iam.PolicyStatement[] {
  if (readers.length === 0) return [];
  return [
    new iam.PolicyStatement({
      sid: 'Readers',
      principals: [new iam.AnyPrincipal()],
      actions: [...INSPECT],
      resources: ['*'],
      conditions: {
        ArnLike: { 'aws:PrincipalArn': readers.map(asPattern) },
        StringEquals: { 'aws:PrincipalAccount': accountsOf(readers) },
      },
    }),
  ];
}

/**
 * The resource policy of a secret that an administrator created: IAM says who may read it, and only the
 * administrators may change it.
 */
export function ownSecretPolicy(
  administrators: readonly string[],
  scope: IConstruct,
): iam.PolicyDocument {
  return new iam.PolicyDocument({
    statements: [...denyOtherWriters([], administrators, scope), onlyOverTls()],
  });
}

/** Denies all changes to principals that are neither writers of ours nor administrators. */
function denyOtherWriters(
  writers: readonly string[],
  administrators: readonly string[],
  scope: IConstruct,
): iam.PolicyStatement[] {
  if (administrators.length === 0) return [];
  return [
    new iam.PolicyStatement({
      sid: 'DenyOtherWriters',
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: [...WRITES],
      resources: ['*'],
      conditions: everybodyBut([...writers, ...administrators], scope),
    }),
  ];
}

function onlyOverTls(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: 'OnlyOverTls',
    effect: iam.Effect.DENY,
    principals: [new iam.AnyPrincipal()],
    actions: ['secretsmanager:*'],
    resources: ['*'],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
}

function isWrite(action: string): boolean {
  return WRITES.some((write) => write === action);
}
