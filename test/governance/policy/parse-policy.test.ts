import { describe, expect, test } from 'vitest';
import { ALERT_TYPES } from '../../../governance/policy/alert-types.js';
import { DEPLOY_RULES } from '../../../governance/policy/deploy-checks.js';
import { parsePolicy } from '../../../governance/policy/parse-policy.js';
import { expireAfterDays, gatewayKey } from '../../../governance/policy/planned-keys.js';
import type { KeyPolicy } from '../../../governance/policy/policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { aPolicy, policyDocument } from '../../support/builders.js';

type Document = ReturnType<typeof policyDocument>;
type Break = (document: Document) => void;

function problems(change: Break): readonly string[] {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document, { rules: DEPLOY_RULES });
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

test('the shipped policy is valid and fills in the defaults', () => {
  const policy = aPolicy();
  expect(policy.workspaces.map(({ name }) => name)).toEqual([
    'dev-workspace',
    'ml-workspace',
    'prod-workspace',
  ]);
  expect(policy.workspaces[0]?.keys[0]?.rotateEveryDays).toBe(90);
  expect(policy.mistral.adminUrl).toBe('https://api.mistral.ai/v1/admin');
});

test('a key expires two weeks after it should have been replaced and drained', () => {
  const policy = aPolicy();
  const key = policy.workspaces[0]?.keys[0] as KeyPolicy;
  expect(expireAfterDays(policy.rotation, key)).toBe(90 + 7 + 14);
});

test.each([
  [{}, {}, 90],
  [{ maxAgeDays: 45 }, {}, 45],
  [{}, { expireAfterDays: 60 }, 52],
  [{}, { expireAfterDays: 60, maxDrainDays: 10 }, 49],
])(
  "with audit %j and rotation %j the gateway's key rotates after %i days",
  (audit, rotation, days) => {
    const policy = aPolicy((document) => {
      for (const { keys } of document.workspaces) for (const key of keys) key.rotateEveryDays = 30;
      document.audit = { ...document.audit, ...audit };
      document.rotation = { ...document.rotation, ...rotation };
    });
    expect(gatewayKey(policy).rotateEveryDays).toBe(days);
  },
);

const RESERVED = 'is a name that every JavaScript object has, must be another one';
const PRINCIPAL = 'arn:aws:iam::111122223333:role/analyst';

describe('accepted findings', () => {
  const entry = {
    type: 'unmanaged',
    subject: 'legacy-*',
    reason: 'moves soon',
    until: '2027-03-31',
  };
  const DAY = 'must be a day such as 2027-03-31';
  const SUBJECT =
    'must be a name or an id, or a list of at least one, in which "*" stands for any characters';
  const problemsOf = (change: object) =>
    problems((document) => {
      document.audit = { accepted: [{ ...entry, ...change }] };
    }).map((problem) => problem.replace('audit.accepted[0].', ''));

  test.each([{}, { subject: ['legacy-*', 'k1'] }])('may be %j', (change) => {
    expect(problemsOf(change)).toEqual([]);
  });

  test.each<[object, string]>([
    [
      { type: 'orphaned' },
      'type: "orphaned" is never accepted: such a key works and no secret holds it, and it may have been replaced because it leaked: delete it',
    ],
    [
      { type: 'missing' },
      'type: "missing" is never accepted: services that read the secret are rejected',
    ],
    [{ type: 'toString' }, 'type: "toString" is not allowed, must be "stale" or "never-used"'],
    [{ type: undefined }, 'type: is missing, must be "stale" or "never-used"'],
    [{ subject: [] }, 'subject: [] is too short, must be at least 1 entry'],
    [
      { subject: ' ' },
      'subject: " " must be a name or an id, in which "*" stands for any characters',
    ],
    [{ subject: 5 }, `subject: 5 ${SUBJECT}`],
    [{ reason: '' }, 'reason: "" must say why the findings are accepted'],
    [{ until: undefined }, `until: is missing, ${DAY}`],
    [{ until: 'never' }, `until: "never" ${DAY}`],
    [{ until: '2027-02-30' }, `until: "2027-02-30" ${DAY}`],
    [{ workspace: 'x' }, 'workspace: unknown field, allowed are type, subject, reason, until'],
  ])('may not be %j', (change, problem) => {
    expect(problemsOf(change)).toEqual([expect.stringContaining(problem)]);
  });

  test('do not hide what is wrong elsewhere', () => {
    const found = problems((document) => {
      document.audit = { accepted: [{ ...entry, reason: '' }] };
      document.callers[0].role = 'unknown';
    });
    expect(found).toHaveLength(2);
  });
});

describe('fails, naming path, value and what is allowed', () => {
  const table: readonly (readonly [string, Break, string])[] = [
    [
      'no workspaces',
      (d) => (d.workspaces = []),
      'workspaces: [] is too short, must be at least 1 entry',
    ],
    ['workspaces missing', (d) => delete d.workspaces, 'workspaces: is missing, must be a list'],
    [
      'a field that does not exist',
      (d) => (d.workspaces[0].keys[0].rotate = 1),
      'workspaces[0].keys[0].rotate: unknown field, did you mean "rotateEveryDays"? allowed are name, description, rotateEveryDays, readers, refresh, secret',
    ],
    [
      'a section that does not exist',
      (d) => (d.budget = {}),
      'budget: unknown field, allowed are $schema, mistral, workspaces, roles, agents, callers, administrators, prices, limits, gateway, rotation, audit, ledger, evidence, alerts, events, acceptedWarnings',
    ],
    [
      'a workspace id that is not a UUID',
      (d) => (d.workspaces[1].id = 'ml'),
      'workspaces[1].id: "ml" must be a UUID such as 3f2b6f0e-7f0a-4d53-9a39-0b7a51c0d9c1',
    ],
    [
      'a missing owner',
      (d) => delete d.workspaces[0].ownerUserId,
      'workspaces[0].ownerUserId: is missing, must be a UUID such as 3f2b6f0e-7f0a-4d53-9a39-0b7a51c0d9c1; the Admin API lists it as uuid of a user (GET /v1/admin/users)',
    ],
    [
      'a missing id',
      (d) => delete d.workspaces[0].id,
      'workspaces[0].id: is missing, must be a UUID such as 3f2b6f0e-7f0a-4d53-9a39-0b7a51c0d9c1; "mistral-governance workspaces sync" fills it in; in operator mode it is in the workspace\'s address in Mistral\'s console',
    ],
    [
      'a missing team',
      (d) => delete d.workspaces[0].team,
      'workspaces[0].team: is missing, must be a string',
    ],
    [
      'several fields that do not exist',
      (d) => Object.assign(d.audit, { stale: 1, over: 2 }),
      'audit.over: unknown field, allowed are schedule, timezone, staleAfterDays, maxAgeDays, expiringWithinDays, remindEveryDays, evidenceRetentionDays, accepted',
    ],
    [
      'a role name with a slash',
      (d) => (d.roles['a/b'] = d.roles.admin),
      'roles.a/b: "a/b" must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
    ],
    [
      'a subscription without a protocol',
      (d) => delete d.alerts.subscriptions[0].protocol,
      'alerts.subscriptions[0].protocol: is missing, must be "email" or "email-json" or "https" or "sms" or "sqs" or "lambda"',
    ],
    [
      'a team that is too long for a tag',
      (d) => (d.workspaces[0].team = 'x'.repeat(257)),
      `workspaces[0].team: "${'x'.repeat(196)}... is too long, must be at most 256 characters`,
    ],
    ['a field in place of a section', (d) => (d.audit = 30), 'audit: 30 is not a set of fields'],
    [
      'a switch in words',
      (d) => (d.gateway = { enabled: 'yes' }),
      'gateway.enabled: "yes" is text, must be true or false: write true',
    ],
    [
      'a workspace name with a slash',
      (d) => (d.workspaces[0].name = 'a/b'),
      'workspaces[0].name: "a/b" must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
    ],
    [
      'two workspaces of one name',
      (d) => (d.workspaces[1].name = 'Dev-Workspace'),
      'workspaces[1].name: "Dev-Workspace" is already the name of workspaces[0]: each must be unique',
    ],
    [
      'two workspaces of one id',
      (d) => (d.workspaces[1].id = d.workspaces[0].id),
      'workspaces[1].id: "6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01" is already the id of workspaces[0]: each must be unique',
    ],
    [
      'two keys of one name',
      (d) => (d.workspaces[2].keys[1].name = 'checkout-service-key'),
      'workspaces[2].keys[1].name: "checkout-service-key" is already the name of keys[0]: each must be unique',
    ],
    [
      'models that are neither',
      (d) => (d.workspaces[0].models = 'all'),
      'workspaces[0].models: "all" must be "*" or a list of at least one model id or alias',
    ],
    [
      'half a request a minute',
      (d) => (d.workspaces[0].requestsPerMinute = 0.5),
      'workspaces[0].requestsPerMinute: 0.5 is not a whole number',
    ],
    [
      'a negative budget',
      (d) => (d.workspaces[0].budgets.monthlyUsd = -1),
      'workspaces[0].budgets.monthlyUsd: -1 is too small, must be at least 0.01',
    ],
    [
      'a budget in words',
      (d) => (d.workspaces[0].budgets.dailyUsd = 'ten'),
      'workspaces[0].budgets.dailyUsd: "ten" is not a number',
    ],
    ...[
      [0.001, '0.001 is too small, must be at least 0.01'],
      [1e-10, '1e-10 is too small, must be at least 0.01'],
      [0, '0 is too small, must be at least 0.01'],
      [9_000_001, '9000001 is too large, must be at most 9000000'],
      [
        Number.POSITIVE_INFINITY,
        '.inf is infinity, must be finite: a limit that is optional is left out instead',
      ],
      [Number.NaN, '.nan is not a number, must be finite'],
      ['1,000', '"1,000" is text because of its separators: write 1000'],
      ['1.000.000', '"1.000.000" is text because of its separators: write 1000000'],
      ['1,5', '"1,5" is text because of its comma: write 1.5'],
      ['$60', '"$60" is not a number: write its digits alone, such as 2000'],
      ['60', '"60" is text because of its quotes: write 60'],
    ].flatMap(([budget, problem]) =>
      ['hourlyUsd', 'dailyUsd', 'monthlyUsd', 'monthlyEur'].map((field): (typeof table)[number] => [
        `a budget of ${budget} in ${field}`,
        (d) => (d.workspaces[0].budgets = { [field]: budget }),
        `workspaces[0].budgets.${field}: ${problem}`,
      ]),
    ),
    [
      'a number with a comma in braces',
      (d) => (d.workspaces[0].budgets = { monthlyUsd: 1, '000': null }),
      'workspaces[0].budgets.000: is read as a field, since inside of { } a comma ends a value: write numbers without separators, such as 2000',
    ],
    ...['constructor', 'toString', 'hasOwnProperty', '__proto__'].flatMap(
      (name): (typeof table)[number][] => [
        [
          `a workspace called ${name}`,
          (d) => (d.workspaces[0].name = name),
          `workspaces[0].name: "${name}" ${RESERVED}`,
        ],
        [
          `a key called ${name}`,
          (d) => (d.workspaces[0].keys[0].name = name),
          `workspaces[0].keys[0].name: "${name}" ${RESERVED}`,
        ],
        [
          `a model called ${name}`,
          (d) => (d.roles.admin.models = [name]),
          `roles.admin.models[0]: "${name}" ${RESERVED}`,
        ],
      ],
    ),
    [
      'a role called constructor',
      (d) => (d.roles.constructor = d.roles.admin),
      `roles.constructor: "constructor" ${RESERVED}`,
    ],
    [
      'a price of a model called toString',
      (d) => (d.prices = { models: { toString: { perThousandPages: 1 } } }),
      `prices.models.toString: "toString" ${RESERVED}`,
    ],
    [
      'a budget window that does not exist',
      (d) => (d.workspaces[0].budgets.weeklyUsd = 1),
      'workspaces[0].budgets.weeklyUsd: unknown field, allowed are hourlyUsd, dailyUsd, monthlyUsd, hourlyEur, dailyEur, monthlyEur',
    ],
    [
      'a budget in another currency than the bill',
      (d) => (d.workspaces[1].budgets = { monthlyEur: 500 }),
      'workspaces[1].budgets.monthlyEur: 500 is in another currency than mistral.currency (USD): name it monthlyUsd',
    ],
    [
      'a loan in another currency than the bill',
      (d) => (d.workspaces[1].lends = { dailyEur: 5 }),
      'workspaces[1].lends.dailyEur: 5 is in another currency than mistral.currency (USD): name it dailyUsd',
    ],
    [
      'the price of an alias',
      (d) => (d.prices = { models: { 'mistral-small-latest': { perThousandPages: 1 } } }),
      'prices.models.mistral-small-latest: "mistral-small-latest" is an alias, which may come to stand for another model: must be an exact id such as "mistral-small-2603"',
    ],
    [
      'prices of the bill without the Admin API',
      (d) => {
        d.mistral.keySource = 'operator';
        d.prices = { source: 'bill' };
      },
      'prices.source: "bill" needs Mistral\'s usage report, which the Admin API alone has, and mistral.keySource is "operator": must be "price-book"',
    ],
    [
      'prices whose days are not in order',
      (d) => {
        const changes = [{ from: '2026-12-01' }, { from: '2026-12-01' }];
        d.prices = { models: { own: { from: '2026-11-01', changes } } };
      },
      'prices.models.own.changes[1].from: "2026-12-01" is not after "2026-12-01": must be a later day than that of the prices before',
    ],
    [
      'overflow to nowhere',
      (d) => (d.workspaces[2].overflowTo = ['ml']),
      'workspaces[2].overflowTo[0]: unknown workspace "ml": known are "dev-workspace", "ml-workspace", "prod-workspace"',
    ],
    [
      'overflow to itself',
      (d) => (d.workspaces[2].overflowTo = ['prod-workspace']),
      'workspaces[2].overflowTo[0]: "prod-workspace" overflows to itself: name another workspace',
    ],
    [
      'a rotation later than the audit allows',
      (d) => (d.workspaces[0].keys[0].rotateEveryDays = 120),
      'workspaces[0].keys[0].rotateEveryDays: 120 is more than audit.maxAgeDays (90): every such key would be reported as over-age; must be at most that',
    ],
    [
      'a lifetime that leaves no days between rotations of the gateway',
      (d) => {
        for (const { keys } of d.workspaces) keys.length = 0;
        d.gateway = { ...d.gateway, enabled: true };
        d.rotation = { maxDrainDays: 7, expireAfterDays: 15 };
      },
      "rotation.maxDrainDays: 7 is too long for the gateway's own keys, which rotate after 90 days, audit.maxAgeDays or expireAfterDays - maxDrainDays - 1, whichever is least: must be less than that, 7",
    ],
    [
      'evidence locked for longer than it is kept',
      (d) => {
        d.audit.evidenceRetentionDays = 365;
        d.evidence = { lock: 'compliance', lockDays: 400 };
      },
      'evidence.lockDays: 400 is more than audit.evidenceRetentionDays (365), after which evidence is deleted: must be at most that',
    ],
    [
      'days of a lock without a lock',
      (d) => (d.evidence = { lockDays: 30 }),
      'evidence.lockDays: 30 needs evidence.lock: must be left out, or a lock named',
    ],
    [
      'a caller in no workspace',
      (d) => (d.callers[0].workspace = 'qa'),
      'callers[0].workspace: unknown workspace "qa": known are "dev-workspace", "ml-workspace", "prod-workspace"',
    ],
    [
      'a caller of no role',
      (d) => (d.callers[0].role = 'toString'),
      'callers[0].role: unknown role "toString": known are "analyst", "developer", "senior", "admin"',
    ],
    [
      'a caller that is not an ARN',
      (d) => (d.callers[0].principal = 'analyst'),
      'callers[0].principal: "analyst" must be an IAM role or user ARN or an assumed-role session ARN, "*" allowed in its name, for example arn:aws:iam::111122223333:role/analysts-*',
    ],
    [
      'the same caller twice',
      (d) => (d.callers[1].principal = PRINCIPAL),
      `callers[1].principal: "${PRINCIPAL}" matches the same callers as callers[0], as paths of roles do not count: remove one of them`,
    ],
    [
      'callers that tie',
      (d) => {
        d.callers[0].principal = 'arn:aws:iam::111122223333:role/ab*';
        d.callers[1].principal = 'arn:aws:iam::111122223333:role/*cd';
      },
      'callers[1].principal: "arn:aws:iam::111122223333:role/*cd" can match the same caller as callers[0] and is as specific: one of them must fix more characters',
    ],
    [
      'callers that tie as sessions',
      (d) => {
        d.callers[0].principal = 'arn:aws:iam::111122223333:role/a/build';
        d.callers[1].principal = 'arn:aws:iam::111122223333:role/long/path/build';
      },
      'callers[1].principal: "arn:aws:iam::111122223333:role/long/path/build" matches the same callers as callers[0], as paths of roles do not count: remove one of them',
    ],
    [
      'a caller by the path of its role alone',
      (d) => (d.callers[0].principal = 'arn:aws:iam::111122223333:role/service/*'),
      'callers[0].principal: "arn:aws:iam::111122223333:role/service/*" fixes a path alone, and role sessions carry no path: must fix some of the role\'s name',
    ],
    [
      'a reader that is not an ARN',
      (d) => (d.workspaces[0].keys[0].readers = ['everyone']),
      'workspaces[0].keys[0].readers[0]: "everyone" must be the ARN of an IAM role, user or account root, for example arn:aws:iam::111122223333:role/billing',
    ],
    [
      'a reader in no account',
      (d) => (d.workspaces[0].keys[0].readers = ['arn:aws:iam::*:role/x']),
      'workspaces[0].keys[0].readers[0]: "arn:aws:iam::*:role/x" lets in every AWS account by the "*" for its account: must have the 12 digits of one',
    ],
    [
      'a key rotated every thousand days',
      (d) => (d.workspaces[0].keys[0].rotateEveryDays = 1000),
      'workspaces[0].keys[0].rotateEveryDays: 1000 is too large, must be at most 999',
    ],
    [
      'a drain as long as the rotation',
      (d) => (d.workspaces[0].keys[0].rotateEveryDays = 7),
      'workspaces[0].keys[0].rotateEveryDays: 7 is not longer than rotation.maxDrainDays (7): a replaced key could still be in use when the next rotation starts; must be more',
    ],
    [
      'an expiry before the replacement',
      (d) => (d.rotation.expireAfterDays = 97),
      'rotation.expireAfterDays: 97 lets key "dev-team-key" expire before its replacement is in place: must be more than rotateEveryDays + maxDrainDays, 97',
    ],
    [
      'a quiet time longer than the drain',
      (d) => (d.rotation.quietDays = 8),
      'rotation.maxDrainDays: 7 is shorter than quietDays (8): must be at least as long',
    ],
    [
      'a drain timeout that does not exist',
      (d) => (d.rotation.onDrainTimeout = 'delete'),
      'rotation.onDrainTimeout: "delete" is not allowed, must be "hold" or "revoke"',
    ],
    [
      'thresholds that descend',
      (d) => (d.alerts.spendThresholds = [50, 80, 80]),
      'alerts.spendThresholds[2]: 80 follows 80: thresholds must ascend',
    ],
    [
      'a secret name with a space',
      (d) => (d.mistral.adminKeySecret = 'my key'),
      'mistral.adminKeySecret: "my key" must be 1 to 512 of the characters Secrets Manager allows: letters, digits and /_+=.@-',
    ],
    [
      'a secret name like a suffixed ARN',
      (d) => (d.workspaces[0].keys[0].name = 'key-abc123'),
      'workspaces[0].keys[0].name: "key-abc123" ends in a hyphen and six characters, which Secrets Manager takes for the suffix it adds to ARNs: choose another ending, for example "key_abc123"',
    ],
    [
      'a word of six letters that looks like such a suffix',
      (d) => (d.workspaces[0].keys[0].name = 'chat-widget'),
      'workspaces[0].keys[0].name: "chat-widget" ends in a hyphen and six characters, which Secrets Manager takes for the suffix it adds to ARNs: choose another ending, for example "chat_widget"',
    ],
    [
      'the admin key in a secret named like a suffixed ARN',
      (d) => (d.mistral.adminKeySecret = 'mistral/admin-apikey'),
      'mistral.adminKeySecret: "mistral/admin-apikey" ends in a hyphen and six characters, which Secrets Manager takes for the suffix it adds to ARNs: choose another ending, for example "mistral/admin_apikey"',
    ],
    [
      'an admin URL that is not https',
      (d) => (d.mistral.adminUrl = 'ftp://x'),
      'mistral.adminUrl: "ftp://x" must be an https URL (http is allowed for localhost only)',
    ],
    [
      'an API that would be sent keys in the clear',
      (d) => (d.mistral.apiUrl = 'http://localhost.example.com'),
      'mistral.apiUrl: "http://localhost.example.com" must be an https URL (http is allowed for localhost only)',
    ],
    [
      'an API on this machine by its user name alone',
      (d) => (d.mistral.apiUrl = 'http://localhost:x@example.com'),
      'mistral.apiUrl: "http://localhost:x@example.com" must be an https URL (http is allowed for localhost only)',
    ],
    [
      'a key source that does not exist',
      (d) => (d.mistral.keySource = 'magic'),
      'mistral.keySource: "magic" is not allowed, must be "admin-api" or "operator"',
    ],
    [
      'a revocation without the Admin API',
      (d) => {
        d.mistral.keySource = 'operator';
        d.rotation.onDrainTimeout = 'revoke';
      },
      'rotation.onDrainTimeout: "revoke" needs the Admin API: must be "hold" where mistral.keySource is "operator"',
    ],
    [
      'a time zone on Mars',
      (d) => (d.audit.timezone = 'Mars/Base'),
      'audit.timezone: "Mars/Base" must be an IANA time zone such as Europe/Paris',
    ],
    ...[
      'nightly',
      'cron(0 2 * * *)',
      'cron(0 2 * * * *)',
      'cron(0 2 ? * ? *)',
      'rate(1 night)',
      'rate(0 days)',
      'at(2026-11-29T04:00:00)',
    ].map((schedule): (typeof table)[number] => [
      `a schedule that EventBridge rejects: ${schedule}`,
      (d) => (d.audit.schedule = schedule),
      `audit.schedule: "${schedule}" must be cron(minute hour day month weekday year) with "?" for day or weekday, or rate(...), for example cron(0 4 * * ? *)`,
    ]),
    [
      'a mail endpoint that is not an address',
      (d) => (d.alerts.subscriptions[0].endpoint = 'on-call'),
      'alerts.subscriptions[0].endpoint: "on-call" does not fit protocol email: must be an e-mail address',
    ],
    [
      'a queue endpoint that is not an ARN',
      (d) => (d.alerts.subscriptions[0] = { protocol: 'sqs', endpoint: 'queue' }),
      'alerts.subscriptions[0].endpoint: "queue" does not fit protocol sqs: must be the ARN of an SQS queue',
    ],
    [
      'an endpoint subscribed twice',
      (d) => d.alerts.subscriptions.push({ protocol: 'email', endpoint: 'on-call@example.com' }),
      'alerts.subscriptions[1].endpoint: "on-call@example.com" is already the endpoint of subscriptions[0]: each must be unique',
    ],
    [
      'a filter for a type of alert that does not exist',
      (d) => (d.alerts.subscriptions[0].filter = { type: ['rotation-fail'] }),
      `alerts.subscriptions[0].filter.type[0]: "rotation-fail" is not allowed, did you mean "rotation-failed"? must be ${ALERT_TYPES.map((type) => `"${type}"`).join(' or ')}`,
    ],
    [
      'a filter for a workspace that does not exist',
      (d) => (d.alerts.subscriptions[0].filter = { workspace: ['organization', 'prod'] }),
      'alerts.subscriptions[0].filter.workspace[1]: unknown workspace "prod", did you mean "prod-workspace"? known are "dev-workspace", "ml-workspace", "prod-workspace", "organization"',
    ],
    [
      'daily tokens in words',
      (d) => (d.roles.admin.dailyTokens = 'lots'),
      'roles.admin.dailyTokens: "lots" must be a positive whole number or "unlimited"',
    ],
  ];

  test.each(table)('%s', (_name, change, message) => {
    expect(problems(change)).toContain(message);
  });
});

test('fails with what is wrong in itself and what is wrong between fields at once', () => {
  const found = problems((document) => {
    document.audit.staleAfterDays = 0;
    document.workspaces[0].team = '';
    document.workspaces[2].overflowTo = ['ml'];
    document.alerts.spendThreshold = [50];
    document.workspaces[0].keys[0].rotateEveryDays = 5;
  });
  expect(found.map((problem) => problem.split(':')[0])).toEqual([
    'workspaces[0].team',
    'audit.staleAfterDays',
    'alerts.spendThreshold',
    'workspaces[2].overflowTo[0]',
    'workspaces[0].keys[0].rotateEveryDays',
  ]);
});

test('does not hold against a default what a wrong field was to replace', () => {
  const found = problems((document) => {
    document.audit.maxAgeDays = '200';
    document.workspaces[0].keys[0].rotateEveryDays = 120;
    document.rotation = { quietDays: 20, maxDrainDays: '30' };
    document.mistral.currency = 'eur';
    document.workspaces[0].budgets = { monthlyEur: 50 };
    document.workspaces[2].overflowTo = ['ml'];
  });
  expect(found.map((problem) => problem.split(':')[0])).toEqual([
    'mistral.currency',
    'rotation.maxDrainDays',
    'audit.maxAgeDays',
    'workspaces[2].overflowTo[0]',
  ]);
});

test.each<[what: string, change: Break, path: string]>([
  ['an id', (d) => (d.workspaces[1].id = 'ml'), 'workspaces[1].id'],
  [
    'all ids',
    (d) => {
      for (const workspace of d.workspaces) workspace.id = 'x';
    },
    'workspaces[0].id',
  ],
  [
    'a reader',
    (d) => d.workspaces[0].keys[0].readers.push('me'),
    'workspaces[0].keys[0].readers[1]',
  ],
  ['a model', (d) => d.roles.analyst.models.push(4), 'roles.analyst.models'],
  ['a principal', (d) => (d.callers[1].principal = 'developer'), 'callers[1].principal'],
  [
    'a protocol',
    (d) => delete d.alerts.subscriptions[0].protocol,
    'alerts.subscriptions[0].protocol',
  ],
])('%s that is wrong hides nothing that is wrong between other fields', (_what, change, path) => {
  const found = problems((document) => {
    change(document);
    document.workspaces[2].keys[0].name = 'chat-widget';
    document.workspaces[0].keys[0].rotateEveryDays = 120;
  }).map((problem) => problem.split(':')[0]);
  expect(found).toContain(path);
  expect(
    found.filter((one) => one !== path && !/^workspaces\[[12]\]\.id$/.test(one ?? '')),
  ).toEqual(['workspaces[0].keys[0].rotateEveryDays', 'workspaces[2].keys[0].name']);
});

test('fails with every problem of a file at once', () => {
  expect(
    problems((document) => {
      document.workspaces[0].id = 'x';
      document.audit.staleAfterDays = 0;
      document.roles.admin.models = [];
    }),
  ).toHaveLength(3);
});

test.each([
  [null, 'policy: has no value, must be a set of fields'],
  [[], 'policy: [] is not a set of fields'],
  ['text', 'policy: "text" is not a set of fields: is a ":" missing?'],
  [undefined, 'policy: is missing, must be a set of fields'],
])('fails on a file that holds %j', (document, problem) => {
  expect(parsePolicy(document)).toEqual({
    ok: false,
    problems: [{ path: [], message: problem }],
  });
});
