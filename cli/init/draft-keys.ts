import type { ListedKey } from '../../governance/mistral/mistral.js';
import { toSafeLine, yamlText } from '../../governance/platform/quoting.js';
import type { IsoDate } from '../../governance/platform/utc-day.js';
import { countText, listText } from '../../governance/platform/wording.js';
import { ReaderArnSchema } from '../../governance/policy/policy-fields.js';
import type { SecretFormat } from '../../governance/policy/policy-secrets.js';
import { comment, createNames } from './draft-names.js';
import type { FoundSecret } from './find-secrets.js';
import type { FoundOrganization, FoundWorkspace } from './gather-organization.js';
import type { TrailReaders } from './trail-readers.js';

export interface DraftFacts {
  readonly today: IsoDate;
  /** Without the Admin API. */
  readonly isOperator: boolean;
  readonly apiUrl: string;
  readonly adminUrl: string;
  readonly adminKeySecret: string;
  readonly organization: FoundOrganization;
  readonly secrets: readonly FoundSecret[];
  readonly trail: TrailReaders | undefined;
  /** What was not found out, and why. */
  readonly unknown: readonly string[];
}

/** One key of the policy, and where each of its values comes from. */
interface DraftKey {
  readonly name: string;
  readonly listed: ListedKey;
  readonly secret: FoundSecret;
  readonly format: Exclude<SecretFormat, 'json'>;
  readonly notes: readonly string[];
}

const MOST_READERS = 50;
/** More would hide what there is to decide. */
export const MOST_NOTES = 200;

/** The keys of a workspace that secrets hold, each once. */
export function draftKeys(
  { id, keys }: FoundWorkspace,
  { secrets }: DraftFacts,
  taken: Set<string>,
): DraftKey[] {
  const names = createNames('key');
  const own = new Set(keys.map((key) => key.id));
  return secrets.flatMap((secret) => {
    const certain = secret.held.flatMap(({ keys: possible, format }) => {
      const [listed, ...more] = possible;
      const isOurs = listed !== undefined && more.length === 0 && own.has(listed.id);
      return isOurs && format !== undefined && listed.workspaceId === id
        ? [{ listed, format }]
        : [];
    });
    const [first, ...others] = certain;
    if (!first || taken.has(secret.name)) return [];
    taken.add(secret.name);
    const alsoIn = secrets.filter(
      (one) =>
        one !== secret &&
        one.held.some((held) => held.keys.some((key) => key.id === first.listed.id)),
    );
    const notes = [
      ...(alsoIn.length > 0
        ? [
            `the same key is in ${listText(alsoIn.map((one) => one.name))}: it is retired once all have moved`,
          ]
        : []),
      ...(others.length > 0
        ? [
            `the secret holds ${countText(others.length, 'more key')}, which stay as they are: one policy key for each secret`,
          ]
        : []),
    ];
    return [{ name: names(first.listed.name || secret.name), ...first, secret, notes }];
  });
}

export function keyLines(
  { name, listed, secret, format, notes }: DraftKey,
  facts: DraftFacts,
): string[] {
  const formatLine =
    typeof format === 'string' ? format : `{ jsonField: ${yamlText(format.jsonField)} }`;
  return [
    `      - name: ${yamlText(name)} ${comment(keyText(listed, facts.today))}`,
    ...notes.map((note) => `        ${comment(note)}`),
    '        secret:',
    `          name: ${yamlText(secret.name)}`,
    `          format: ${formatLine}`,
    '          existing: true',
    ...readerLines(secret, facts),
  ];
}

/** Who reads a secret, as far as is known. */
export function readerLines(secret: FoundSecret, { trail }: Pick<DraftFacts, 'trail'>): string[] {
  const seen = new Set([
    ...(trail?.bySecret.get(secret.name) ?? []),
    ...(trail?.bySecret.get(secret.arn) ?? []),
  ]);
  const ofTrail = [...seen].filter((arn) => ReaderArnSchema.safeParse(arn).success);
  const readers = [...new Set([...secret.readers, ...ofTrail])].slice(0, MOST_READERS);
  const from = (arn: string) =>
    secret.readers.includes(arn)
      ? "allowed by the secret's policy"
      : `read it since ${trail?.since.toISOString().slice(0, 10)}`;
  const unlisted = [...secret.others, ...[...seen].filter((arn) => !ofTrail.includes(arn))];
  return [
    ...(readers.length > 0
      ? [
          '        readers:',
          ...readers.map((arn) => `          - ${yamlText(arn)} ${comment(from(arn))}`),
        ]
      : [
          `        ${comment(`readers: none are known${trail ? '' : ' (--cloudtrail lists who read it)'}; who may read it by IAM still may`)}`,
        ]),
    ...unlisted
      .slice(0, MOST_NOTES)
      .map((arn) => `        ${comment(`also reads it, and is no reader of this form: ${arn}`)}`),
  ];
}

/** What may have to do with Mistral, and is not in the policy. */
export function strayLines({ secrets, organization, today }: DraftFacts): string[] {
  const { strays } = organization;
  const untaken = secrets.filter(({ held }) => {
    return held.every(({ keys, format }) => keys.length !== 1 || format === undefined);
  });
  const why = ({ held }: FoundSecret) =>
    held.length === 0
      ? 'named after Mistral; no key of the organization was found in it'
      : held
          .map(
            ({ keys, where }) =>
              `${where}: ${listText(
                keys.map((key) => toSafeLine(key.name)),
                3,
              )}${keys.length > 1 ? ' (one of them: Mistral shows the same of both)' : ''}`,
          )
          .join('; ');
  return [
    ...(untaken.length > 0 ? [comment('Secrets that are not taken over:')] : []),
    ...untaken.slice(0, MOST_NOTES).map((secret) => comment(`- ${secret.name}: ${why(secret)}`)),
    ...(strays.length > 0 ? [comment('Keys of no workspace that Mistral lists:')] : []),
    ...strays.slice(0, MOST_NOTES).map((key) => comment(`- ${keyText(key, today)}`)),
  ];
}

export function keyText(
  { name, createdAt, lastUsedOn, expiresOn }: ListedKey,
  today: IsoDate,
): string {
  const days = createdAt && Math.floor((Date.parse(today) - createdAt.getTime()) / 86_400_000);
  const age = days === undefined ? 'of unknown age' : `${countText(Math.max(0, days), 'day')} old`;
  const use = lastUsedOn === undefined ? 'never used' : `last used on ${lastUsedOn}`;
  return `${toSafeLine(name)}: ${age}, ${use}, ${expiresOn ? `expires on ${expiresOn}` : 'never expires'}`;
}
