import {
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  type SecretListEntry,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { ReaderArnSchema } from '../../governance/policy/policy-fields.js';
import type { Held } from './match-keys.js';

/** A secret that holds a key of the organization, or may be about Mistral by its name. */
export interface FoundSecret {
  readonly name: string;
  readonly arn: string;
  /** Keys that were found in its value; none where it was not read. */
  readonly held: readonly Held[];
  readonly readers: readonly string[];
  /** Principals of its policy that are no readers of the policy's form. */
  readonly others: readonly string[];
}

export interface FoundSecrets {
  readonly secrets: readonly FoundSecret[];
  readonly listed: number;
  /** Secrets whose value or policy could not be read, with the reason. */
  readonly unread: readonly { readonly name: string; readonly reason: string }[];
}

export interface SearchOptions {
  /** Names or ARNs. @default all of the account */
  readonly only?: readonly string[] | undefined;
  readonly skip: readonly string[];
  /** Finds keys in a value. @default no value is read */
  readonly match?: ((name: string, text: string) => readonly Held[]) | undefined;
}

const AT_ONCE = 8;
const ABOUT_MISTRAL = /mistral/i;

export async function findSecrets(
  client: SecretsManagerClient,
  { only, skip, match }: SearchOptions,
): Promise<FoundSecrets> {
  const entries = only ? only.map((name) => ({ Name: name, ARN: name })) : await listAll(client);
  const wanted = entries.filter(({ Name = '' }) => !skip.includes(Name));
  const unread: { name: string; reason: string }[] = [];
  const found = await mapBounded(wanted, AT_ONCE, async (entry) => {
    const { Name: name = '', ARN: arn = name } = entry;
    const attempt = async <Answer>(act: () => Promise<Answer>) => {
      try {
        return await act();
      } catch (error) {
        unread.push({ name, reason: error instanceof Error ? error.name : 'unknown' });
        return undefined;
      }
    };
    const held = match ? await attempt(async () => match(name, await readValue(client, arn))) : [];
    if (!held || (held.length === 0 && !only && !ABOUT_MISTRAL.test(name))) return [];
    const policy = await attempt(() => readersOf(client, arn));
    return [{ name, arn, held, readers: policy?.readers ?? [], others: policy?.others ?? [] }];
  });
  const secrets = found.flat().sort((one, other) => one.name.localeCompare(other.name));
  return { secrets, listed: wanted.length, unread };
}

async function listAll(client: SecretsManagerClient): Promise<SecretListEntry[]> {
  const entries: SecretListEntry[] = [];
  for await (const { SecretList = [] } of paginateListSecrets({ client, pageSize: 100 }, {})) {
    entries.push(...SecretList);
  }
  return entries;
}

async function readValue(client: SecretsManagerClient, SecretId: string): Promise<string> {
  const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId }));
  return SecretString ?? Buffer.from(SecretBinary ?? []).toString('latin1');
}

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const PolicySchema = z.object({
  Statement: z.array(
    z.looseObject({
      Effect: z.string(),
      Action: oneOrMore.catch([]),
      Principal: z
        .union([
          z.string().transform((text) => [text]),
          z.object({ AWS: oneOrMore }).transform(({ AWS }) => AWS),
        ])
        .catch([]),
    }),
  ),
});
const READS = /^(\*|secretsmanager:(\*|GetSecretValue|Get\*))$/i;

async function readersOf(client: SecretsManagerClient, SecretId: string) {
  const { ResourcePolicy = '' } = await client.send(new GetResourcePolicyCommand({ SecretId }));
  const statements = PolicySchema.safeParse(parseJson(ResourcePolicy)).data?.Statement ?? [];
  const allowed = statements
    .filter(({ Effect, Action }) => Effect === 'Allow' && Action.some((one) => READS.test(one)))
    .flatMap(({ Principal }) => Principal);
  const isReader = (arn: string) => ReaderArnSchema.safeParse(arn).success;
  const unique = [...new Set(allowed)];
  return { readers: unique.filter(isReader), others: unique.filter((arn) => !isReader(arn)) };
}
