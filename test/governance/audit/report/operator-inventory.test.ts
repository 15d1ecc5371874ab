import { expect, test } from 'vitest';
import { operatorInventory } from '../../../../governance/audit/report/operator-inventory.js';
import { reportPage } from '../../../../governance/audit/report/report-page.js';
import { plannedKeys } from '../../../../governance/policy/planned-keys.js';
import { DEV, daysAgo, NOW } from '../../../support/audit-builders.js';
import { anOperatorPolicy, aSecret } from '../../../support/builders.js';
import { aReport } from '../../../support/evidence.js';

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
const inventory = operatorInventory(
  planned,
  secrets,
  [],
  new Map([[DEV, 'dev-team-key-console']]),
  NOW,
);
const coverage = { source: 'operator', models: true, unclearSecrets: new Set<string>() } as const;
const page = reportPage(aReport({ policy: anOperatorPolicy(), inventory, coverage }));

test('without the Admin API the number of keys at Mistral and their owners are not known', () => {
  expect(inventory).toMatchObject({ managedKeys: 1, otherKeys: null, leftOut: 0 });
  expect(inventory.rows).toEqual([
    expect.objectContaining({ secret: DEV, ownerUserId: null, ageDays: 12, lastUsedOn: null }),
  ]);
});

test('its page counts managed keys alone, and says what is not known', () => {
  expect(page).toContain('<strong>1</strong> managed key<');
  expect(page).not.toContain('</strong> keys at Mistral');
  expect(page).not.toContain('every key is managed');
  expect(page).toContain('Not known: without the Admin API, only the Mistral console lists them.');
  expect(page).toContain('data-label="Last used"><div>not known</div>');
  expect(page).toContain('30 days without a read of the secret');
});

test('its chart of ages has no other keys', () => {
  expect(page).toContain('≤ 30: 1 managed</desc>');
});
