import { expect, test } from 'vitest';
import { ALERT_TYPES } from '../../../governance/policy/alert-types.js';
import {
  callerAccountsThatFit,
  DEPLOY_RULES,
  regionProblem,
} from '../../../governance/policy/deploy-checks.js';
import { parsePolicy } from '../../../governance/policy/parse-policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { aPolicy, policyDocument } from '../../support/builders.js';

type Document = ReturnType<typeof policyDocument>;

function problems(change: (document: Document) => void): readonly string[] {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document, { rules: DEPLOY_RULES });
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

const callersFrom = (accounts: number) =>
  Array.from({ length: accounts }, (_, i) => ({
    principal: `arn:aws:iam::${222_200_000_000 + i}:role/caller`,
    role: 'admin',
    workspace: 'dev-workspace',
  }));

const readersOf = (count: number, nameLength: number) =>
  Array.from(
    { length: count },
    (_, i) => `arn:aws:iam::111122223333:role/${'r'.repeat(nameLength - 3)}${100 + i}`,
  );

test('a filter has at most as many combinations as SNS takes', () => {
  const filtered = (types: number, workspaces: string[]) =>
    problems((document) => {
      document.alerts.subscriptions[0].filter = {
        type: ALERT_TYPES.slice(0, types),
        severity: ['info', 'warning', 'critical'],
        workspace: workspaces,
      };
    });
  const all = ['dev-workspace', 'ml-workspace', 'prod-workspace', 'organization'];
  expect(filtered(12, all)).toEqual([]); // 144
  expect(filtered(13, all)).toEqual([
    'alerts.subscriptions[0].filter: 13 in type x 3 in severity x 4 in workspace are 156 combinations, and SNS takes 150: must be at most that; a list left out selects everything',
  ]);
});

test('a topic has at most 200 filters', () => {
  const found = problems((document) => {
    document.alerts.subscriptions = Array.from({ length: 201 }, (_, i) => ({
      protocol: 'email',
      endpoint: `on-call-${i}@example.com`,
      filter: { severity: ['critical'] },
    }));
  });
  expect(found).toEqual([
    'alerts.subscriptions: 201 of them have a filter, and an SNS topic takes 200 filters: must be at most that',
  ]);
});

test('callers come from as many accounts as the policy of a function has room for', () => {
  const most = callerAccountsThatFit('MistralGovernance');
  expect(most).toBeGreaterThanOrEqual(25);
  expect(most).toBeLessThanOrEqual(28);
  expect(callerAccountsThatFit('a'.repeat(128))).toBeLessThan(most);
  const from = (accounts: number, gateway: object) =>
    problems((document) => {
      document.callers = callersFrom(accounts);
      document.gateway = gateway;
    });
  expect(from(most, { enabled: true })).toEqual([]);
  expect(from(most + 1, { enabled: true })).toEqual([
    `callers: they come from ${most + 1} accounts, and the resource policy of the gateway's function has room for ${most}: must be at most that, or let the whole organization in by gateway.organizationId`,
  ]);
  expect(from(300, { enabled: true, organizationId: 'o-a1b2c3d4e5' })).toEqual([]);
  expect(from(300, { enabled: false })).toEqual([]);
});

test('any account may be meant where callers of a whole organization are let in', () => {
  const found = problems((document) => {
    document.gateway.organizationId = 'o-a1b2c3d4e5';
    document.callers[0].principal = 'arn:aws:iam::*:role/analyst';
  });
  expect(found).toEqual([]);
});

test.each(['O-A1B2C3D4E5', 'o-short', 'r-a1b2c3d4e5', '111122223333'])(
  '%s is not the id of an organization',
  (id) => {
    expect(problems((document) => (document.gateway.organizationId = id))).toEqual([
      `gateway.organizationId: "${id}" must be the id of an AWS organization such as o-a1b2c3d4e5`,
    ]);
  },
);

test.each([
  ['a key', ['workspaces', 0, 'keys', 0], 50, 165, 'workspaces[0].keys[0].readers'],
  ['the gateway', ['gateway'], 20, 600, 'gateway.readers'],
])(
  'the readers of %s make a policy that Secrets Manager takes',
  (_what, path, count, tooLong, name) => {
    const found = (nameLength: number) =>
      problems((document) => {
        // biome-ignore lint/suspicious/noExplicitAny: a document before any check
        const owner = path.reduce((value: any, step) => value[step], document);
        owner.readers = readersOf(count, nameLength);
      });
    expect(found(60)).toEqual([]);
    expect(found(tooLong)).toHaveLength(1);
    expect(found(tooLong)[0]).toMatch(
      new RegExp(`^${name.replaceAll(/[[\]]/g, '\\$&')}: ${count} ARNs of \\d+ characters make a`),
    );
  },
);

test('the readers come from as many accounts as the policy of the KMS key has room for', () => {
  const found = problems((document) => {
    document.workspaces = Array.from({ length: 45 }, (_, w) => ({
      ...document.workspaces[0],
      name: `w${w}`,
      id: `6c1f0a0e-52f4-4f8e-9d43-${String(w).padStart(12, '0')}`,
      keys: [
        {
          name: 'k',
          readers: Array.from(
            { length: 50 },
            (_, r) => `arn:aws:iam::${300_000_000_000 + w * 50 + r}:role/reader`,
          ),
        },
      ],
    }));
    document.callers = [];
  });
  expect(found).toEqual([
    'workspaces: the readers of their keys come from 2250 accounts, and the policy of the KMS key has room for 2044: must be at most that',
  ]);
});

test('the main stack has room for the stacks of so many workspaces', () => {
  const found = (count: number) =>
    problems((document) => {
      document.workspaces = Array.from({ length: count }, (_, w) => ({
        ...document.workspaces[0],
        name: `w${w}`,
        id: `6c1f0a0e-52f4-4f8e-9d43-${String(w).padStart(12, '0')}`,
      }));
      document.callers = [];
    });
  expect(found(369)).toEqual([]);
  expect(found(370)).toEqual([
    "workspaces: 370 of them have keys, and the CloudFormation stack has room for 369 beside its own parts and the policy's subscriptions and permissions (1): must be at most that, or a second deployment in another account or region",
  ]);
});

test.each([
  [{}, 3, 165],
  [{ keySource: 'operator' }, 2, 248],
])('with %j a stack has room for the keys of a workspace', (mistral, _resources, most) => {
  const found = (count: number) =>
    problems((document) => {
      document.mistral = mistral;
      document.workspaces[0].keys = Array.from({ length: count }, (_, i) => ({ name: `k${i}` }));
    });
  expect(found(most)).toEqual([]);
  expect(found(most + 1)).toEqual([
    `workspaces[0].keys: ${most + 1} of them are more than one CloudFormation stack has room for: must be at most ${most}`,
  ]);
});

const TOO_LONG = `https://example.com/${'x'.repeat(2048)}`;

test.each([
  ['sqs', 'arn:aws:sqs:eu-west-1:111122223333:alerts.fifo', 'SNS delivers to no FIFO queue'],
  ['sqs', 'arn:aws:sqs:eu-west-1:111122223333:', 'must be the ARN of an SQS queue'],
  ['lambda', 'arn:aws:lambda:eu-west-1:111122223333:page', 'must be the ARN of a Lambda function'],
  ['https', TOO_LONG, 'is too long, must be at most 2,048'],
])('SNS does not take every endpoint for %s', (protocol, endpoint, problem) => {
  const found = problems((document) => {
    document.alerts.subscriptions = [{ protocol, endpoint }];
  });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});

test.each([
  ['a team that is a tag of AWS', (d: Document) => (d.workspaces[0].team = 'AWS: core')],
  ['a team without a letter', (d: Document) => (d.workspaces[0].team = ' ')],
  [
    'a runbook whose address leaves no room in an alarm',
    (d: Document) => (d.alerts.runbookUrl = `https://example.com/${'x'.repeat(500)}`),
  ],
  ['a time zone by its offset', (d: Document) => (d.audit.timezone = '+01:00')],
  ['a time zone in lower case', (d: Document) => (d.audit.timezone = 'europe/paris')],
])('AWS would refuse %s', (_what, change) => {
  expect(problems(change)).toHaveLength(1);
});

test.each(['UTC', 'Europe/Paris', 'US/Eastern', 'Etc/GMT+5', 'Asia/Calcutta'])(
  '%s is a time zone',
  (timezone) => {
    expect(problems((document) => (document.audit.timezone = timezone))).toEqual([]);
  },
);

test('a gateway needs a region with function URLs', () => {
  expect(regionProblem(aPolicy(), 'eu-west-1')).toBeUndefined();
  expect(regionProblem(aPolicy(), 'us-gov-west-1')).toEqual({
    path: ['gateway', 'enabled'],
    message:
      'true needs Lambda function URLs, which us-gov-west-1 does not have: must be false there, or deploy to another region',
  });
  const without = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  expect(regionProblem(without, 'us-gov-west-1')).toBeUndefined();
});

test('no workspace has the name that stands for all in metrics and alerts', () => {
  const found = problems((document) => {
    document.workspaces[0].name = 'Organization';
    for (const caller of document.callers) caller.workspace = 'ml-workspace';
  });
  expect(found).toEqual([
    'workspaces[0].name: "Organization" stands for all workspaces in metrics and alerts: choose another name',
  ]);
});
