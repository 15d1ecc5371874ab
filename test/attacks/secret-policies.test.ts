import { runSimulation } from '@cloud-copilot/iam-simulate';
import { expect, test } from 'vitest';
import { readable } from '../support/iam.js';
import { synthesize } from '../support/synth.js';

/** The deployed policy of one secret, evaluated by an engine that is not ours. */
const ACCOUNT = '111122223333';
const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:mistral/dev-workspace/dev-team-key-AbCdEf`;
const role = (name: string, account = ACCOUNT) => `arn:aws:iam::${account}:role/${name}`;
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
};
const [resource] = Object.values(
  synthesize().workspace('dev-workspace').findResources('AWS::SecretsManager::ResourcePolicy'),
);
const policy = JSON.parse(JSON.stringify(resource?.Properties.ResourcePolicy), (_, value) => {
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return PSEUDO[value.Ref] ?? role(readable(value));
  if (!('Fn::Join' in value)) return value;
  return value['Fn::Join'][1].join('');
});

const READS = ['DescribeSecret', 'GetSecretValue', 'ListSecretVersionIds'];
const CHANGES = [
  'CancelRotateSecret',
  'DeleteResourcePolicy',
  'DeleteSecret',
  'PutResourcePolicy',
  'PutSecretValue',
  'ReplicateSecretToRegions',
  'RestoreSecret',
  'RotateSecret',
  'StopReplicationToReplica',
  'TagResource',
  'UpdateSecret',
  'UpdateSecretVersionStage',
];
const LOOK = 'DescribeSecret ListSecretVersionIds';
const ALL_CHANGES = CHANGES.join(' ');

interface Row {
  readonly arn: string;
  /** Of what IAM's own policies let it do: everything. @default true, false for roles of ours */
  readonly isWide: boolean;
  readonly context?: Readonly<Record<string, string | string[]>>;
  readonly may: string;
}

const ours = (name: string, may: string): Row => ({ arn: role(name), isWide: false, may });
const wide = (name: string, may = LOOK, context: Row['context'] = {}): Row => ({
  arn: name.startsWith('arn:') ? name : role(name),
  isWide: true,
  context,
  may,
});
const VIA = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };

const ROWS: readonly Row[] = [
  ours(
    'RotationFunctionRole',
    'DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage',
  ),
  ours('RetirementFunctionsVerifyRole', 'DescribeSecret GetSecretValue'),
  ours('RetirementFunctionsRevokeRole', 'DescribeSecret GetSecretValue'),
  ours('RetirementFunctionsConfirmRole', 'GetSecretValue'),
  ours('RetirementFunctionsRollBackRole', 'DescribeSecret GetSecretValue UpdateSecretVersionStage'),
  ours('RetirementFunctionsNotifyRole', ''),
  ours('AuditFunctionRole', 'DescribeSecret GetSecretValue ListSecretVersionIds'),
  ours('ProvisioningFunctionRole', 'DescribeSecret GetSecretValue RotateSecret'),
  ours('SpendMonitorFunctionRole', ''),
  ours('GatewayFunctionRole', ''),
  ours('developer', 'DescribeSecret GetSecretValue'),
  ours('platform-admin', ''),
  wide('platform-admin', `${LOOK} ${ALL_CHANGES}`),
  wide('developer', `${LOOK} GetSecretValue`),
  wide(`arn:aws:iam::${ACCOUNT}:root`, `${LOOK} ${ALL_CHANGES}`),
  wide(`cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`, `${LOOK} ${ALL_CHANGES}`),
  wide('deployer', `${LOOK} ${ALL_CHANGES}`, VIA),
  wide('deployer'),
  wide('cdk-hnb659fds-deploy-role'),
  wide('my-cdk-hnb659fds-cfn-exec-role-1'),
  wide('analyst'),
  wide('ml-engineer'),
  wide('platform-admin-2'),
  wide('path/platform-admin'),
  wide('RotationFunctionRole2'),
  wide('SpendMonitorFunctionRole'),
  wide('GatewayFunctionRole'),
  wide(`arn:aws:iam::${ACCOUNT}:user/administrator`),
  wide('arn:aws:iam::444455556666:role/platform-admin', ''),
  wide('arn:aws:iam::444455556666:role/developer', ''),
];

async function mayOf({ arn, isWide, context }: Row): Promise<string[]> {
  const allowed: string[] = [];
  const everything = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
  };
  for (const action of [...READS, ...CHANGES]) {
    const answer = await runSimulation(
      {
        request: {
          principal: arn,
          action: `secretsmanager:${action}`,
          resource: { resource: SECRET, accountId: ACCOUNT },
          contextVariables: {
            'aws:PrincipalArn': arn,
            'aws:PrincipalAccount': arn.split(':')[4] ?? '',
            'aws:PrincipalIsAWSService': 'false',
            'aws:SecureTransport': 'true',
            ...context,
          },
        },
        identityPolicies: isWide ? [{ name: 'everything', policy: everything }] : [],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy: policy,
      },
      {},
    );
    if (answer.resultType === 'error') throw new Error(JSON.stringify(answer));
    if (answer.overallResult === 'Allowed') allowed.push(action);
  }
  return allowed.sort();
}

test.each(
  ROWS.map((row) => [`${row.arn}${row.isWide ? ', with every permission' : ''}`, row] as const),
)('%s may do with a secret what it must, and nothing else', async (_, row) => {
  expect(await mayOf(row)).toEqual(row.may.split(' ').filter(Boolean).sort());
});

test('thirty principals were tried, with fifteen actions each', () => {
  expect([ROWS.length, READS.length + CHANGES.length]).toEqual([30, 15]);
});
