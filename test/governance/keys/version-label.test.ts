import { expect, test } from 'vitest';
import { labelOf, outdatedLabels, versionLabel } from '../../../governance/keys/version-label.js';

const KEY = {
  keyId: '330507d3-6f2e-4f5c-9d0a-0a9b7a51c0d9',
  createdAt: new Date('2026-08-15T09:00:00.123Z'),
  expiresAt: '2026-12-01',
};

test.each([
  ['plain' as const, KEY],
  ['plain' as const, { ...KEY, expiresAt: undefined }],
  [{ jsonField: 'MISTRAL_API_KEY' }, KEY],
  [{ jsonField: 'a/b c.%2F é' }, { ...KEY, keyId: 'search/2026 04' }],
])('a label says of %j what its value has no room for', (format, key) => {
  const label = versionLabel({ ...key, format });
  expect(label.length).toBeLessThanOrEqual(256);
  expect(labelOf(['AWSCURRENT', 'of-another', label])).toEqual({ ...key, format });
});

test('the longest label is one that Secrets Manager takes', () => {
  const jsonField = 'x'.repeat(120);
  expect(versionLabel({ ...KEY, format: { jsonField } }).length).toBeLessThanOrEqual(256);
});

test.each([
  [[]],
  [undefined],
  [['AWSCURRENT', 'AWSPENDING']],
  [['mistral-key/x']],
  [['mistral-key/x/yesterday/never/plain']],
  [['mistral-key//2026-08-15T09:00:00.123Z/never/plain']],
])('labels of others say nothing: %j', (stages) => {
  expect(labelOf(stages)).toBeUndefined();
});

test('the oldest labels of versions that AWS does not label are no longer needed', () => {
  const label = (day: number) =>
    versionLabel({ ...KEY, createdAt: new Date(Date.UTC(2026, 0, day)), format: 'plain' });
  const versions = Object.fromEntries(
    [1, 9, 3, 4, 2, 5, 6, 7, 8].map((day) => [`v${day}`, [label(day)]]),
  );
  const stagesByVersion = { ...versions, v1: ['AWSPREVIOUS', label(1)], foreign: ['theirs'] };
  expect(outdatedLabels(stagesByVersion)).toMatchObject([
    { versionId: 'v3', stage: label(3) },
    { versionId: 'v2', stage: label(2) },
  ]);
});
