import { runSimulation } from '@cloud-copilot/iam-simulate';
import { expect, test } from 'vitest';
import { synthesize } from '../support/synth.js';

const ACCOUNT = '111122223333';
const BUCKET = 'arn:aws:s3:::evidence';
const FILE = `${BUCKET}/evidence/2026-11-28/report.json`;
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
};
const [resource] = Object.values(synthesize().template.findResources('AWS::S3::BucketPolicy'));
const policy = JSON.parse(JSON.stringify(resource?.Properties.PolicyDocument), (_, value) => {
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return PSEUDO[value.Ref];
  if ('Fn::GetAtt' in value) return BUCKET;
  return 'Fn::Join' in value ? value['Fn::Join'][1].join('') : value;
});

async function may(principal: string, action: string, arn: string): Promise<boolean> {
  const answer = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource: arn, accountId: ACCOUNT },
        contextVariables: { 'aws:PrincipalArn': principal, 'aws:SecureTransport': 'true' },
      },
      identityPolicies: [
        {
          name: 'everything',
          policy: {
            Version: '2012-10-17',
            Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
          },
        },
      ],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policy,
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer));
  return answer.overallResult === 'Allowed';
}

const ON_EVIDENCE = [
  ['s3:DeleteObject', FILE],
  ['s3:DeleteObjectVersion', FILE],
  ['s3:PutBucketVersioning', BUCKET],
  ['s3:PutLifecycleConfiguration', BUCKET],
] as const;

test.each(ON_EVIDENCE)('%s is for CloudFormation and the root user alone', async (action, arn) => {
  const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
  for (const name of ['AuditFunctionRole', 'developer', 'platform-admin']) {
    expect([name, await may(role(name), action, arn)]).toEqual([name, false]);
  }
  const owner = role(`cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`);
  expect(await may(owner, action, arn)).toBe(true);
  expect(await may(`arn:aws:iam::${ACCOUNT}:root`, action, arn)).toBe(true);
});
