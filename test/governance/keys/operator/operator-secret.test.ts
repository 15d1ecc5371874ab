import { expect, test } from 'vitest';
import {
  isFirstKey,
  operatorVersionId,
  statedExpiry,
} from '../../../../governance/keys/operator/operator-secret.js';
import { removalName } from '../../../../governance/keys/removed-keys.js';

const token = '3f0c5bd2-8d1e-4a43-9a31-2d7c6b1e0f55';

test.each([
  [{ isFirst: false, expiresOn: undefined }, token],
  [{ isFirst: true, expiresOn: undefined }, `${token}-first`],
  [{ isFirst: false, expiresOn: '2027-01-31' }, `${token}-expires-2027-01-31`],
  [{ isFirst: true, expiresOn: '2027-01-31' }, `${token}-first-expires-2027-01-31`],
] as const)(
  'the id of a version says what the operator stated about its key',
  (stated, versionId) => {
    expect(operatorVersionId({ token, ...stated })).toBe(versionId);
    expect(isFirstKey(versionId)).toBe(stated.isFirst);
    expect(statedExpiry(versionId)).toBe(stated.expiresOn);
  },
);

test('the longest id is short enough for a version and for the name of a flow', () => {
  const longest = operatorVersionId({ token, isFirst: true, expiresOn: '2027-01-31' });
  expect(longest.length).toBeLessThanOrEqual(64);
  const entry = { secretName: 's', workspace: 'w', plannedAt: '2026-11-25T00:00:00.000Z' };
  expect(removalName(entry, longest).length).toBeLessThanOrEqual(80);
});
