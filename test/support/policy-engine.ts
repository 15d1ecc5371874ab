import { runSimulation } from '@cloud-copilot/iam-simulate';
import { readable } from './iam.js';

export const ACCOUNT = '111122223333';

/** Who asks, and what of it IAM's own policies allow: everything, or nothing. */
export interface Principal {
  readonly arn: string;
  readonly isWide: boolean;
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** One request, by its name in a table. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

const EVERYTHING = {
  name: 'everything',
  policy: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
};
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': 'eu-west-1',
  'AWS::URLSuffix': 'amazonaws.com',
};

export function roleArn(name: string, account = ACCOUNT): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

/** A policy document as it is deployed: roles under their readable names, the resource under its own ARN. */
export function deployedPolicy(document: unknown, resource: string) {
  return JSON.parse(JSON.stringify(document), (_, value) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value) {
      const name = readable(value);
      return PSEUDO[value.Ref] ?? (name.endsWith('Topic') ? resource : roleArn(name));
    }
    if ('Fn::GetAtt' in value) {
      return readable(value).endsWith('Role') ? roleArn(readable(value)) : resource;
    }
    if ('Fn::Sub' in value) {
      return value['Fn::Sub'].replace(/\$\{(.+?)\}/g, (_: string, name: string) => PSEUDO[name]);
    }
    return 'Fn::Join' in value ? value['Fn::Join'][1].join('') : value;
  });
}

/** The names of those requests that an engine which is not ours lets a principal do under a resource's policy. */
export async function allowed(
  { arn, isWide, context }: Principal,
  requests: Readonly<Record<string, Request>>,
  resourcePolicy: object,
): Promise<string[]> {
  const names: string[] = [];
  for (const [name, request] of Object.entries(requests)) {
    const answer = await runSimulation(
      {
        request: {
          principal: arn,
          action: request.action,
          resource: { resource: request.resource, accountId: ACCOUNT },
          contextVariables: {
            'aws:PrincipalArn': arn,
            'aws:PrincipalAccount': arn.split(':')[4] ?? '',
            'aws:PrincipalIsAWSService': 'false',
            'aws:SecureTransport': 'true',
            'kms:CallerAccount': arn.split(':')[4] ?? '',
            ...context,
            ...request.context,
          },
        },
        identityPolicies: isWide ? [EVERYTHING] : [],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy,
      },
      {},
    );
    if (answer.resultType === 'error') throw new Error(JSON.stringify(answer));
    if (answer.overallResult === 'Allowed') names.push(name);
  }
  return names.sort();
}
