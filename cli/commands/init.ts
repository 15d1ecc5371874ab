import { existsSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { createAdminKeySource } from '../../governance/mistral/key-source.js';
import { firstMembers } from '../../governance/mistral/members.js';
import { createOrganization } from '../../governance/mistral/organization.js';
import { utcDay } from '../../governance/platform/utc-day.js';
import { countText } from '../../governance/platform/wording.js';
import { policySource } from '../../governance/policy/load-policy.js';
import { PolicySchema } from '../../governance/policy/policy.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT, wrongInput } from '../failure.js';
import { draftPolicy } from '../init/draft-policy.js';
import { type FoundOrganization, gatherOrganization } from '../init/gather-organization.js';
import { createKeyMatcher } from '../init/match-keys.js';
import { checkedPolicy } from '../policy-file.js';

interface InitOptions extends CommonOptions {
  readonly adminKeySecret: string;
  readonly adminUrl: string;
  readonly apiUrl: string;
  readonly operator?: boolean;
  readonly secret?: readonly string[];
  readonly readValues?: boolean;
  readonly cloudtrail?: boolean;
}

const MISTRAL = PolicySchema.shape.mistral.parse({});

export function registerInit(program: Command, cli: Cli): void {
  program
    .command('init')
    .description('write a first policy from what exists at Mistral and in this account')
    .option(
      '--admin-key-secret <name>',
      'the secret with the Admin API key',
      MISTRAL.adminKeySecret,
    )
    .option('--operator', 'without the Admin API: from the secrets that --secret names')
    .option('--read-values', 'look for keys in the values of secrets, in memory alone')
    .option('--secret <names...>', 'look at these secrets only (default: all of the account)')
    .option('--cloudtrail', 'take readers also from who read the secrets in the last 90 days')
    .addOption(new Option('--admin-url <url>', "Mistral's Admin API").default(MISTRAL.adminUrl))
    .addOption(new Option('--api-url <url>', "Mistral's API").default(MISTRAL.apiUrl))
    .addHelpText('after', HELP)
    .action(action(cli, init));
}

const HELP = `
Writes the file that --policy names, and never over another. Nothing is changed at Mistral or AWS. Workspaces, limits,
owners, keys, models and budgets come from the Admin API and its bills. With --read-values, secrets are found by
what they hold: Mistral shows the beginning and the end of each key. Values are not printed or stored. Each
read of a value is an event of CloudTrail. Comments in the file say where each value comes from and what to decide.

Needs secretsmanager:ListSecrets, GetSecretValue and GetResourcePolicy, and cloudtrail:LookupEvents with --cloudtrail.

Examples:
  $ mistral-governance init --read-values
  $ mistral-governance init --read-values --cloudtrail --policy first.yaml
  $ mistral-governance init --secret search/mistral billing/mistral --read-values --json`;

async function init(cli: Cli, options: InitOptions): Promise<Answer> {
  const { policy: path, adminKeySecret, adminUrl, apiUrl } = options;
  if (existsSync(path)) {
    throw wrongInput(
      `${path} exists already, and init writes over no file: name another with --policy`,
    );
  }
  const isOperator = options.operator === true;
  if (isOperator && !options.secret) {
    throw wrongInput('--operator knows of no keys: name the secrets that hold them with --secret');
  }
  const now = cli.now();
  const { openMistralAdmin, awsClientOptions } = await import('../mistral.js'); // the SDK takes longest to load
  const { openInitClients } = await import('../init/clients.js');
  const agents = await cli.outbound();
  const mistral = { ...MISTRAL, adminKeySecret, adminUrl, apiUrl };
  const admin = openMistralAdmin({ mistral }, options, cli.keys, agents);
  const gather = () =>
    gatherOrganization(
      {
        organization: createOrganization(admin),
        keySource: createAdminKeySource(admin),
        members: () => firstMembers(admin),
      },
      now,
    );
  const organization = isOperator
    ? NOTHING
    : await cli.progress.during('reading workspaces, keys and bills', gather);
  const clients = openInitClients(awsClientOptions(options, agents));
  const listed = organization.workspaces.flatMap(({ keys }) => keys).concat(organization.strays);
  const match =
    options.readValues && !isOperator
      ? createKeyMatcher(listed, (key) => void cli.keys.learn(key))
      : undefined;
  const found = await cli.progress.during('looking for secrets', () =>
    clients.findSecrets({ only: options.secret, skip: [adminKeySecret], match }),
  );
  const trail = options.cloudtrail
    ? await cli.progress.during('looking up who read secrets', () =>
        clients.trailReaders({ now, sleep: cli.sleep }),
      )
    : undefined;
  const unknown = [
    ...(isOperator ? NOT_KNOWN_TO_OPERATORS : []),
    ...(options.readValues || isOperator
      ? []
      : ['which secrets hold which keys: --read-values was not given']),
    ...organization.problems,
    ...found.unread.map(({ name, reason }) => `what secret ${name} holds: ${reason}`),
  ];
  const today = utcDay(now);
  const facts = {
    today,
    isOperator,
    ...mistral,
    organization,
    secrets: found.secrets,
    trail,
    unknown,
  };
  const text = draftPolicy(facts);
  const policy = checkedPolicy(policySource(Buffer.from(text), path));
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw wrongInput(`${path} could not be written: ${(error as NodeJS.ErrnoException).code}`);
  }
  const taken = policy.workspaces.flatMap(({ keys }) => keys).length;
  return {
    exitCode: EXIT.ok,
    document: {
      written: path,
      workspaces: organization.workspaces.map(workspaceDocument),
      secrets: found.secrets.map(({ name, held, readers }) => ({
        name,
        keys: held.flatMap(({ keys, where }) => keys.map(({ id }) => ({ id, where }))),
        readers,
      })),
      taken,
      unknown,
    },
    text: () =>
      [
        `${path} is written: ${countText(policy.workspaces.length, 'workspace')}, ${countText(taken, 'key')} in secrets that exist.`,
        `Looked at ${countText(listed.length, 'key')} of Mistral's and ${countText(found.listed, 'secret')}.`,
        ...unknown.map((one) => `Not known: ${one}`),
        'Next: read the comments, decide, and run mistral-governance policy check',
        '',
      ].join('\n'),
  };
}

const NOTHING: FoundOrganization = {
  currency: undefined,
  requestsPerSecond: undefined,
  workspaces: [],
  members: [],
  strays: [],
  problems: [],
};

const NOT_KNOWN_TO_OPERATORS = [
  'workspaces, their ids, limits and owners: the Admin API lists them',
  'ids, age, last use and expiry of keys, and which workspace they are of',
  'models and spend',
];

function workspaceDocument({
  id,
  name,
  monthlyNanos,
  models,
  keys,
}: FoundOrganization['workspaces'][number]) {
  return {
    id,
    name,
    monthlyNanos: monthlyNanos.map((nanos) => nanos ?? null),
    models,
    keys: keys.map(({ hiddenKey: _, createdAt, ...key }) => ({
      ...key,
      createdAt: createdAt?.toISOString() ?? null,
    })),
  };
}
