import { expect, test } from 'vitest';
import { report } from '../../../../governance/audit/report/report.js';
import { suppliedInventory } from '../../../../governance/audit/report/supplied-inventory.js';
import { plannedKeys } from '../../../../governance/policy/planned-keys.js';
import { DEV, daysAgo, NOW } from '../../../support/audit-builders.js';
import { anOperatorPolicy, aSecret } from '../../../support/builders.js';
import { aNight } from '../../../support/evidence.js';

const planned = plannedKeys(anOperatorPolicy()).filter(({ secretName }) => secretName === DEV);
const secrets = new Map(
  planned.map((key) => [
    DEV,
    {
      planned: key,
      state: aSecret({ v1: ['AWSCURRENT'] }),
      pendingSince: undefined,
      currentSince: daysAgo(12),
    },
  ]),
);
const inventory = suppliedInventory(planned, secrets, [], NOW);
const page = report(aNight({ inventory }));

test('without the Admin API nobody says how many keys there are at Mistral, or who owns one', () => {
  expect(inventory).toMatchObject({ managedKeys: 1, otherKeys: null, leftOut: 0 });
  expect(inventory.rows).toEqual([
    expect.objectContaining({ secret: DEV, ownerUserId: null, ageDays: 12, lastUsedOn: null }),
  ]);
});

test('its page counts managed keys alone, and says what is not known', () => {
  expect(page).toContain('<strong>1</strong> managed keys');
  expect(page).not.toContain('</strong> keys at Mistral');
  expect(page).not.toContain('every key is a managed one');
  expect(page).toContain("Not known: without the Admin API, Mistral's console alone lists them.");
  expect(page).toContain('data-label="Last used"><div>not known</div>');
  expect(page).toContain('30 days without a read of the secret');
});

test('its chart of ages has no other keys', () => {
  expect(page).toContain('≤ 30: 1 managed</desc>');
});
