import { expect, test } from 'vitest';
import { removalName, versionsToRetire } from '../../../governance/keys/removed-keys.js';
import { aSecret } from '../../support/builders.js';

const secret = { secretName: 's', workspace: 'w', plannedAt: '2026-03-01T09:00:00.000Z' };

test('the flow of one removal has one name, that of another removal another', () => {
  expect(removalName(secret, 'v1')).toBe(removalName({ ...secret }, 'v1'));
  const later = { ...secret, plannedAt: '2026-03-01T09:00:01.000Z' };
  expect(removalName(later, 'v1')).not.toBe(removalName(secret, 'v1'));
  expect(removalName(secret, 'v2')).not.toBe(removalName(secret, 'v1'));
});

test.each(['2026-03-01T09:00:00.000Z', '2099-12-31T23:59:59.000Z'])(
  'Step Functions takes the name of a removal after %s, however long the id of the version',
  (plannedAt) => {
    expect(removalName({ ...secret, plannedAt }, 'x'.repeat(64)).length).toBeLessThanOrEqual(80);
  },
);

test.each([
  ['the current key', { v1: ['AWSCURRENT', 'AWSPENDING'] }, ['v1']],
  ['one that was about to be promoted', { v1: ['AWSCURRENT'], v2: ['AWSPENDING'] }, ['v1', 'v2']],
  ['not the previous key, which has a flow of its own', { v0: ['AWSPREVIOUS'] }, []],
])('retires %s', (_name, labels, versions) => {
  expect(versionsToRetire(aSecret(labels))).toEqual(versions);
});
