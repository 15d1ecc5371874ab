import type { Policy } from '../../governance/policy/policy.js';
import type { SecretFormat } from '../../governance/policy/policy-secrets.js';
import type { FakeKey } from '../../testing/fakes/mistral-keys.js';
import { labelled } from '../../testing/fakes/secret-store.js';
import type { World } from '../../testing/world.js';
import { aPolicy } from './builders.js';

export const PLAIN = 'mistral-api-key';
export const FIELD = 'team/app/settings';
export const JSON_FIELD = 'MISTRAL_API_KEY';

interface ExistingKey {
  readonly name: string;
  readonly secret: string;
  readonly format: SecretFormat;
}

/** One workspace, whose keys are in secrets that are there already. */
export function policyOfExisting(...keys: readonly ExistingKey[]): Policy {
  return aPolicy((document) => {
    const [workspace] = document.workspaces;
    document.workspaces = [
      {
        ...workspace,
        keys: keys.map(({ name, secret, format }) => ({
          name,
          secret: { name: secret, format, existing: true },
        })),
      },
    ];
    document.callers = [];
  });
}

export const TWO_EXISTING = policyOfExisting(
  { name: 'tool', secret: PLAIN, format: 'plain' },
  { name: 'app', secret: FIELD, format: { jsonField: JSON_FIELD } },
);

/** What is around the key in the secret of others, byte for byte. */
export const START_OF_SETTINGS =
  '{ "db" : {"port":5432, "big": 9007199254740993},\n "db":"twice é\\u00e9", "';
export const END_OF_SETTINGS = '" ,"flags":[1.0,true ] }\n';

export function settingsWith(key: string): string {
  return `${START_OF_SETTINGS}${JSON_FIELD}": "${key}${END_OF_SETTINGS}`;
}

/** A key that a person made in Mistral's console long ago. */
export function oldKey(world: World, name = 'old-notebook'): FakeKey {
  const [workspace] = world.policy.workspaces;
  return world.mistral.keys.create({
    name,
    workspaceId: workspace?.id ?? '',
    userId: workspace?.ownerUserId ?? '',
  });
}

/** Both secrets as a team has them, with a key each, or the same one in both. */
export function storeOldKeys(world: World, { isShared = false } = {}): readonly FakeKey[] {
  const ofTool = oldKey(world);
  const ofApp = isShared ? ofTool : oldKey(world, 'old-app');
  world.secrets.create(PLAIN, { value: `${ofTool.plaintext}\n` });
  world.secrets.create(FIELD, { value: settingsWith(ofApp.plaintext) });
  return [ofTool, ofApp];
}

/** The key that a consumer reads which knows nothing of this product. */
export function consumedKey({ secrets }: Pick<World, 'secrets'>, secretName: string): string {
  const value = secrets.valueAt(secretName, 'AWSCURRENT') ?? '';
  return secretName === FIELD ? JSON.parse(value)[JSON_FIELD] : value.trim();
}

/** Bytes of the secrets, of any version, that are not this product's to change, and were changed. */
export function changedBytes({ secrets }: Pick<World, 'secrets'>): string[] {
  const values = (name: string) =>
    [...secrets.find(name).versions.values()].flatMap(({ value }) => value ?? []);
  return [
    ...values(PLAIN).filter((value) => !/^[\w-]+\n$/.test(value)),
    ...values(FIELD).filter((value) => {
      const key = value.slice(settingsWith('').indexOf(END_OF_SETTINGS), -END_OF_SETTINGS.length);
      return !/^[\w-]+$/.test(key) || value !== settingsWith(key);
    }),
  ].map(() => 'a byte of a secret of others was changed');
}

/** The labels on the current version. */
export function labelsOf({ secrets }: Pick<World, 'secrets'>, secretName: string): string[] {
  return [...(labelled(secrets.find(secretName), 'AWSCURRENT')?.stages ?? [])];
}
