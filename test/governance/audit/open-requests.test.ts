import { expect, test } from 'vitest';
import { auditAlerts } from '../../../governance/audit/audit-digest.js';
import {
  requestBlock,
  requestsAboutUse,
  requestsForDeletion,
} from '../../../governance/audit/open-requests.js';
import { NO_UNMANAGED_KEYS } from '../../../governance/audit/unmanaged-keys.js';
import type { StartedRetirement } from '../../../governance/keys/retirement.js';
import { anOpenFinding, dayAgo, daysAgo, NO_CHANGES, NOW } from '../../support/audit-builders.js';
import { aPolicy, aRemoval, aRetirement } from '../../support/builders.js';

const policy = aPolicy();

function started(days: number, change: Partial<StartedRetirement> = {}): StartedRetirement {
  const promotedAt = daysAgo(days).toISOString();
  const retirement = aRetirement({ promotedAt, checkAt: daysAgo(days - 2).toISOString() });
  return { ...retirement, startedAt: daysAgo(days), ...change } as StartedRetirement;
}

const about = (retirement: StartedRetirement, lastUsedOn: string | undefined) =>
  requestsAboutUse([retirement], new Map([['old', { lastUsedOn }]]), policy, NOW);

test.each([
  ['used since its replacement', started(4), dayAgo(1), 'key-in-use'],
  ['used after its drain has ended', started(20), dayAgo(1), 'approval-needed'],
  ['used before its replacement alone', started(4), dayAgo(5), undefined],
  ['unused for a full day', started(20), dayAgo(3), undefined],
  ['never used', started(4), undefined, undefined],
  ['before its first check', started(1), dayAgo(0), undefined],
  ['approved', started(20, { approved: true }), dayAgo(1), undefined],
])('a replaced key that is %s', (_what, retirement, lastUsedOn, kind) => {
  expect(about(retirement, lastUsedOn).map((one) => one.kind)).toEqual(kind ? [kind] : []);
});

test('a key of several executions is one request, and one that is gone none', () => {
  const both = [started(4), started(4)];
  const keys = new Map([['old', { lastUsedOn: dayAgo(1) }]]);
  expect(requestsAboutUse(both, keys, policy, NOW)).toHaveLength(1);
  expect(requestsAboutUse(both, new Map(), policy, NOW)).toEqual([]);
});

test('in operator mode each key that is due is asked for, until the flow has ended', () => {
  expect(requestsForDeletion([started(4), started(1)], NOW).map(({ kind }) => kind)).toEqual([
    'deletion-needed',
  ]);
});

test('a digest lists what waits for a person between the alerts about it, and is not sent for it', () => {
  const requests = [
    ...about(started(20), dayAgo(1)),
    ...requestsForDeletion(
      [
        {
          ...started(4),
          ...aRemoval(),
          promotedAt: daysAgo(4).toISOString(),
          checkAt: daysAgo(2).toISOString(),
        },
      ],
      NOW,
    ),
  ];
  const news = {
    requests,
    unmanaged: NO_UNMANAGED_KEYS,
    at: NOW,
    report: 's3://report',
    problems: [],
  };
  expect(auditAlerts({ ...news, changes: NO_CHANGES }).alerts).toEqual([]);

  const changes = { ...NO_CHANGES, opened: [anOpenFinding()] };
  const [digest] = auditAlerts({ ...news, changes }).alerts;
  const section = digest?.sections?.find(({ heading }) => heading === 'Waiting for you');
  expect(section?.blocks).toEqual(requests.map(requestBlock));
  expect(section?.blocks.map(({ lines }) => lines)).toEqual([
    ['Key old: replaced on 2026-06-10, still in use: its revocation waits for your approval.'],
    ['Key old: removed on 2026-06-26, not deleted yet, as far as is known.'],
  ]);
  expect(section?.blocks[0]?.next?.command).toBe(
    'npx --no -- mistral-governance keys approve dev-workspace/dev-team-key',
  );
});
