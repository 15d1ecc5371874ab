import type { ListedKey } from '../../governance/mistral/mistral.js';
import { toSafeLine, yamlText } from '../../governance/platform/quoting.js';
import {
  type Currency,
  countText,
  listText,
  moneyText,
} from '../../governance/platform/wording.js';
import { ListedModelSchema } from '../../governance/policy/policy-fields.js';
import {
  type DraftFacts,
  draftKeys,
  keyLines,
  keyText,
  MOST_NOTES,
  readerLines,
  strayLines,
} from './draft-keys.js';
import { comment, createNames } from './draft-names.js';
import type { FoundOrganization, FoundWorkspace } from './gather-organization.js';

const NANOS = 1_000_000_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NO_ONE = '00000000-0000-0000-0000-000000000000';

/** The text of a first policy. It is valid; what has to be decided stands beside it as comments. */
export function draftPolicy(facts: DraftFacts): string {
  const { organization, unknown, today } = facts;
  const currency = currencyOf(organization);
  const names = createNames('workspace');
  const taken = new Set<string>();
  return `${[
    comment(
      `Written by "mistral-governance init" on ${today} from what exists. Nothing was changed.`,
    ),
    comment('Read each comment, decide, and remove it. Then: mistral-governance policy check'),
    ...unknown.slice(0, MOST_NOTES).map((text) => comment(`Not known: ${text}`)),
    '',
    'mistral:',
    ...(facts.isOperator
      ? [
          `  keySource: operator ${comment('without the Admin API, an operator creates and deletes keys')}`,
        ]
      : []),
    ...field(2, 'apiUrl', facts.apiUrl, 'https://api.mistral.ai'),
    ...field(2, 'adminUrl', facts.adminUrl, 'https://api.mistral.ai/v1/admin'),
    ...(facts.isOperator ? [] : field(2, 'adminKeySecret', facts.adminKeySecret, undefined)),
    `  currency: ${currency} ${comment(organization.currency ? "the bill's" : 'a guess: no bill was read')}`,
    '',
    'workspaces:',
    ...(facts.isOperator ? operatorLines(facts) : []),
    ...organization.workspaces.flatMap((workspace) => [
      ...workspaceLines(workspace, names(workspace.name), facts, currency, taken),
      '',
    ]),
    ...(facts.isOperator ? [] : strayLines(facts)),
    comment(
      'Decide who may use which models through the gateway: roles and callers, see docs/policy.md.',
    ),
    comment('Decide who gets alerts:'),
    comment('alerts: { subscriptions: [{ protocol: email, endpoint: on-call@example.com }] }'),
  ].join('\n')}\n`;
}

function workspaceLines(
  workspace: FoundWorkspace,
  name: string,
  facts: DraftFacts,
  currency: Currency,
  taken: Set<string>,
): string[] {
  const { id, monthlyLimit, keys, models } = workspace;
  const { requestsPerSecond, members } = facts.organization;
  const owner = ownerOf(keys) ?? members.find((one) => UUID.test(one.id))?.id;
  const ownerName = members.find((one) => one.id === owner)?.name;
  const used = models.filter((model) => ListedModelSchema.safeParse(model).success);
  const drafted = draftKeys(workspace, facts, taken);
  const held = new Set(drafted.map(({ listed }) => listed.id));
  const others = keys.filter((key) => !held.has(key.id));
  const limit =
    monthlyLimit &&
    `Mistral suspends the workspace at ${monthlyLimit.amount} ${monthlyLimit.currency ?? currency} a month`;
  return [
    `  - name: ${yamlText(name)}${name === workspace.name ? '' : ` ${comment(`${toSafeLine(workspace.name)} at Mistral, which no name here can be: rename it there`)}`}`,
    `    id: ${yamlText(UUID.test(id) ? id : NO_ONE)} ${comment('from the Admin API')}`,
    `    ownerUserId: ${owner ?? NO_ONE} ${comment(ownerText(ownerOf(keys), ownerName))}`,
    `    team: ${yamlText(name)} ${comment('decide: it becomes a tag, and is named in alerts')}`,
    used.length > 0
      ? `    models: [${used.map(yamlText).join(', ')}] ${comment('used in the last three months, and this one')}`
      : `    models: "*" ${comment('no use in three months: decide')}`,
    `    requestsPerMinute: ${Math.max(1, Math.floor((requestsPerSecond ?? 1) * 60))} ${comment(requestsPerSecond === undefined ? 'a guess' : 'the rate limit of the whole organization: decide on a share')}`,
    ...budgetLines(workspace, currency, limit),
    ...(drafted.length > 0 ? ['    keys:', ...drafted.flatMap((key) => keyLines(key, facts))] : []),
    ...(others.length > 0
      ? [
          `    ${comment(`${countText(others.length, 'key')} of this workspace in no secret that was found: the audit will report them as unmanaged`)}`,
          ...others
            .slice(0, MOST_NOTES)
            .map((key) => `    ${comment(`- ${keyText(key, facts.today)}`)}`),
        ]
      : []),
  ];
}

/** Without the Admin API, nothing is known but the secrets that were given. */
function operatorLines(facts: DraftFacts): string[] {
  const names = createNames('key');
  const keys = facts.secrets.flatMap((secret) => [
    `      - name: ${yamlText(names(secret.name))} ${comment(`a new secret: its readers read ${secret.name} today`)}`,
    ...readerLines(secret, facts),
  ]);
  return [
    `  - name: mistral ${comment("decide: the workspace's name at Mistral, in its console; add one entry for each workspace")}`,
    `    id: ${NO_ONE} ${comment("decide: it is in the address of the workspace in Mistral's console")}`,
    `    team: mistral ${comment('decide')}`,
    `    models: "*" ${comment('not known: decide')}`,
    `    requestsPerMinute: 60 ${comment('a guess')}`,
    `    ${comment('budgets: not known: decide')}`,
    ...(keys.length > 0 ? ['    keys:', ...keys] : []),
    '',
  ];
}

function budgetLines(
  { monthlyNanos }: FoundWorkspace,
  currency: Currency,
  limit: string | undefined,
): string[] {
  const known = monthlyNanos.filter((nanos) => nanos !== undefined);
  const most = Math.max(0, ...known);
  const spent = `spent in the last three months: ${monthlyNanos.map((nanos) => (nanos === undefined ? 'not known' : moneyText(nanos, currency))).join(', ')}`;
  const text = listText([spent, ...(limit ? [limit] : [])]);
  if (most === 0) return [`    ${comment(`budgets: decide; ${text}`)}`];
  return [
    '    budgets:',
    `      monthly${currency === 'USD' ? 'Usd' : 'Eur'}: ${proposed(most / NANOS)} ${comment(text)}`,
  ];
}

/** A fifth more than the most expensive month, in two digits. */
function proposed(amount: number): number {
  const wanted = Math.min(amount * 1.2, 9e6);
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(wanted)) - 1);
  return Math.max(1, Math.min(9e6, Math.ceil(wanted / digit) * digit));
}

/** Who created most of the keys, where Mistral names users by their ids. */
function ownerOf(keys: readonly ListedKey[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { createdBy = '' } of keys) {
    if (UUID.test(createdBy)) counts.set(createdBy, (counts.get(createdBy) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

function ownerText(creator: string | undefined, name: string | undefined): string {
  const who = name === undefined ? '' : `${toSafeLine(name)}, `;
  return creator === undefined
    ? `${who}a guess: decide to whom new keys belong`
    : `${who}who created most keys of the workspace`;
}

function currencyOf({ currency }: FoundOrganization): Currency {
  return currency === 'EUR' ? 'EUR' : 'USD';
}

function field(indent: number, name: string, value: string, usual: string | undefined): string[] {
  return value === usual ? [] : [`${' '.repeat(indent)}${name}: ${yamlText(value)}`];
}
