import { expect, test } from 'vitest';
import { reportedEvent } from '../../../../governance/audit/report/report-events.js';
import type { KeyEvent } from '../../../../governance/keys/key-events.aws.js';

const EVENT: KeyEvent = {
  subject: 'mistral/dev-workspace/dev-team-key',
  type: 'key-revoked',
  workspace: 'dev-workspace',
  at: '2026-06-30T01:05:00.000Z',
  title: 'Revoked replaced key',
  description: 'Key k1 is revoked.',
  facts: { 'previous key': 'k1', 'new key': 'k2', 'rejected by Mistral': 'yes' },
};

test.each<[string, Partial<KeyEvent>, [event: string, key: string | null, proof: string]]>([
  [
    'a key seen refused',
    { facts: { ...EVENT.facts, 'seen refused at': '2026-06-30 01:04 UTC' } },
    ['revoked', 'k1', 'seen refused (401) at 2026-06-30 01:04 UTC, and not listed by Mistral'],
  ],
  [
    'a key seen refused before the time of that was kept',
    {},
    ['revoked', 'k1', 'seen refused (401) at 2026-06-30 01:05 UTC, and not listed by Mistral'],
  ],
  [
    'a key that could not be tried',
    { facts: { 'removed key': 'k9', 'rejected by Mistral': 'not tried: …' } },
    [
      'revoked',
      'k9',
      'not listed by Mistral at 2026-06-30 01:05 UTC; not tried, because its version is not stored',
    ],
  ],
  [
    'a key deleted in the console',
    { facts: { ...EVENT.facts, 'accepted meanwhile': 'mistral/dev-workspace/other' } },
    [
      'revoked',
      'k1',
      'seen refused (401) at 2026-06-30 01:05 UTC, while Mistral accepted the current key of mistral/dev-workspace/other',
    ],
  ],
  [
    'a rotation',
    { type: 'rotation-succeeded' },
    ['rotated', 'k2', 'Mistral accepted the new key before it became current'],
  ],
  [
    'a first key',
    { type: 'rotation-succeeded', facts: { 'new key': 'k1' } },
    ['first key', 'k1', 'Mistral accepted the new key before it became current'],
  ],
  [
    'a rollback',
    { type: 'rolled-back', facts: { 'new key': 'k2', reason: 'listed, old enough, refused' } },
    ['rolled back', 'k2', 'listed, old enough, refused'],
  ],
  [
    'a failure',
    { type: 'rotation-failed', facts: {} },
    ['rotation failed', null, EVENT.description],
  ],
])('%s has its proof', (_, change, [event, key, proof]) => {
  const { subject: secret, workspace } = EVENT;
  expect(reportedEvent({ ...EVENT, ...change })).toEqual({
    at: EVENT.at,
    event,
    secret,
    workspace,
    key,
    proof,
  });
});

test.each(['key-in-use', 'approval-needed', 'deletion-needed'])('%s ends nothing', (type) => {
  expect(reportedEvent({ ...EVENT, type })).toBeUndefined();
});
