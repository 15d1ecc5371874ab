import { keyIn } from '../../governance/keys/secret-format.js';
import { ApiKey, ApiKeySchema } from '../../governance/mistral/api-key.js';
import { isShownAs } from '../../governance/mistral/hidden-key.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { type SecretFormat, SecretNameSchema } from '../../governance/policy/policy-secrets.js';

/** A listed key that a secret holds, or may hold: Mistral shows its beginning and its end alone. */
export interface Held {
  readonly keys: readonly ListedKey[];
  /** `undefined` where the secret cannot be taken over as it is. */
  readonly format: Exclude<SecretFormat, 'json'> | undefined;
  readonly where: string;
}

/** What could be a key in a text, alone or in an address: no key is shorter. */
const WORDS = [/[\w+/~-]{20,512}={0,2}/g, /[\w-]{20,512}/g];
const SHOWN_START = /^[\w+/~=-]+/;

/** Finds listed keys in values, of which nothing is kept. `learn` has the process never print them. */
export function createKeyMatcher(listed: readonly ListedKey[], learn: (key: ApiKey) => void) {
  const byStart = new Map<string, ListedKey[]>();
  for (const key of listed) {
    const [start] = SHOWN_START.exec(key.hiddenKey ?? '') ?? [];
    if (start !== undefined) byStart.set(start, [...(byStart.get(start) ?? []), key]);
  }
  const lengths = new Set([...byStart.keys()].map((start) => start.length));

  function shownAs(word: string): ListedKey[] {
    if (!ApiKeySchema.safeParse(word).success) return [];
    const candidates = [...lengths].flatMap((length) => byStart.get(word.slice(0, length)) ?? []);
    if (candidates.length === 0) return [];
    const key = new ApiKey(word);
    const found = candidates.filter(({ hiddenKey }) => isShownAs(hiddenKey, key));
    if (found.length > 0) learn(key);
    return found;
  }

  return (name: string, text: string): Held[] => {
    const words = new Set(WORDS.flatMap((pattern) => text.match(pattern) ?? []));
    return [...words].flatMap((word) => {
      const keys = shownAs(word);
      if (keys.length === 0) return [];
      return [{ keys, ...placeOf(name, text, word) }];
    });
  };
}

function placeOf(name: string, text: string, word: string): Pick<Held, 'format' | 'where'> {
  const field = topField(text, word);
  const format =
    text.trim() === word ? 'plain' : field === undefined ? undefined : { jsonField: field };
  const where =
    format === undefined
      ? 'inside other text'
      : format === 'plain'
        ? 'the whole value'
        : `field ${JSON.stringify(field)}`;
  const isTakeable =
    format !== undefined &&
    SecretNameSchema.safeParse(name).success &&
    readsAs(text, format, name) === word;
  return { format: isTakeable ? format : undefined, where };
}

function topField(text: string, word: string): string | undefined {
  const value = parseJson(text);
  if (!isObject(value) || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([, one]) => one === word)?.[0];
}

/** What rotations would read there. */
function readsAs(text: string, format: Exclude<SecretFormat, 'json'>, name: string) {
  try {
    return keyIn(text, format, name).reveal();
  } catch {
    return undefined;
  }
}
