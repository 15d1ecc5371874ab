import { ApiKey, ApiKeySchema, withoutMargins } from '../mistral/api-key.js';
import { SecretValueError } from '../platform/errors.js';
import type { SecretFormat } from '../policy/policy-secrets.js';
import { findField, replaceAt } from './json-field.js';

/** A format in which nothing but the key is this product's. */
export type ForeignFormat = Exclude<SecretFormat, 'json'>;

/** What Secrets Manager takes as a value. */
export const MOST_VALUE_BYTES = 65_536;

/** As formats are told to people. */
export function formatText(format: SecretFormat): string {
  return typeof format === 'string' ? format : `field ${JSON.stringify(format.jsonField)} of JSON`;
}

/**
 * The key in a value.
 *
 * @throws SecretValueError with what is wrong, quoting nothing of the value
 */
export function keyIn(text: string, format: ForeignFormat, secretId: string): ApiKey {
  const wrong = (reason: string) =>
    new SecretValueError(
      `secret ${secretId} does not hold a key (${formatText(format)}): ${reason}`,
    );
  if (bytesOf(text) > MOST_VALUE_BYTES) throw wrong(`it is longer than ${MOST_VALUE_BYTES} bytes`);
  if (format === 'plain') {
    if (!ApiKeySchema.safeParse(text).success) throw wrong('its value is not the bare key');
    return new ApiKey(text);
  }
  const field = findField(text, format.jsonField);
  if (field.kind === 'not found') throw wrong(field.reason);
  if (!ApiKeySchema.safeParse(field.value).success) {
    throw wrong('what the field holds is not a key');
  }
  return new ApiKey(field.value);
}

/**
 * The value with another key, and no other byte changed: what surrounds a bare key stays, such as the end of a line.
 * `before` is `undefined` for the first value of a secret.
 *
 * @throws SecretValueError
 */
export function withKey(
  before: string | undefined,
  format: ForeignFormat,
  key: ApiKey,
  secretId: string,
): string {
  const text = written(before, format, key, secretId);
  const bytes = bytesOf(text);
  if (bytes <= MOST_VALUE_BYTES) return text;
  throw new SecretValueError(
    `secret ${secretId} would be ${bytes} bytes long with the new key, and Secrets Manager takes ${MOST_VALUE_BYTES}: make its other fields shorter`,
  );
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function written(
  before: string | undefined,
  format: ForeignFormat,
  key: ApiKey,
  secretId: string,
): string {
  if (format === 'plain') {
    if (before === undefined || !ApiKeySchema.safeParse(before).success) return key.reveal();
    return before.replace(withoutMargins(before), () => key.reveal());
  }
  if (before === undefined) return JSON.stringify({ [format.jsonField]: key.reveal() });
  const field = findField(before, format.jsonField);
  if (field.kind === 'found') return replaceAt(before, field, key.reveal());
  throw new SecretValueError(`secret ${secretId} has no place for its key: ${field.reason}`);
}
