import { expect, test } from 'vitest';
import { parseManagedKey, serializeManagedKey } from '../../../governance/keys/managed-key.js';
import { SecretValueError } from '../../../governance/platform/errors.js';
import { aManagedKey } from '../../support/builders.js';
import { MARGINS, NO_KEYS } from '../../support/pasted-keys.js';

const KEY = 'plaintext-of-k1';
const value = (apiKey: string) =>
  JSON.stringify({ ...JSON.parse(serializeManagedKey(aManagedKey('k1'))), apiKey });

test.each(MARGINS)(
  'a pasted value is read without %s around it, and around its key',
  (_, margin) => {
    for (const text of [value(KEY + margin), value(margin + KEY), margin + value(KEY) + margin]) {
      const key = parseManagedKey(text, 'a-secret');
      expect(key).toEqual(aManagedKey('k1'));
      expect(key.apiKey.reveal()).toBe(KEY);
      expect(serializeManagedKey(key)).toBe(serializeManagedKey(aManagedKey('k1')));
    }
  },
);

test.each(NO_KEYS)(
  'a key with %s is an error that names the field and quotes nothing',
  (_, textOf) => {
    const read = () => parseManagedKey(value(textOf(KEY)), 'a-secret');
    expect(read).toThrow(SecretValueError);
    expect(read).toThrow(/wrong fields are apiKey \(is not a key that a header can carry\)/);
    expect(read).not.toThrow(/plaintext/);
  },
);
