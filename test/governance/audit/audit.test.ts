import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../governance/audit/finding.js';
import type { SecretState } from '../../../governance/keys/rotation.js';
import {
  aListedKey,
  aManagedSecret,
  aRotatedKey,
  audited,
  auditOf,
  CURRENT,
  DEV,
  DEV_ID,
  dayAgo,
  daysAgo,
  ML_ID,
  PENDING,
  PREVIOUS,
} from '../../support/audit-builders.js';

const inOrder = aRotatedKey(CURRENT);

function typesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ type }) => type).sort();
}

function devWith(stagesByVersion: SecretState['stagesByVersion']) {
  return { secrets: new Map([[DEV, aManagedSecret(DEV, { stagesByVersion })]]) };
}

test('a managed key in order gives no finding', () => {
  expect(auditOf([inOrder])).toEqual([]);
});

describe('the current key of a secret', () => {
  test.each([
    ['unused for 29 days', { lastUsedOn: dayAgo(29) }, []],
    ['unused for 30 days', { lastUsedOn: dayAgo(30) }, ['stale']],
    ['never used, 29 days old', { lastUsedOn: undefined, createdAt: daysAgo(29.9) }, []],
    ['never used, 30 days old', { lastUsedOn: undefined, createdAt: daysAgo(30) }, ['never-used']],
    ['90 days old', { createdAt: daysAgo(90.9) }, []],
    ['91 days old', { createdAt: daysAgo(91) }, ['over-age']],
    ['expiring in 15 days', { expiresOn: dayAgo(-15) }, []],
    ['expiring in 14 days', { expiresOn: dayAgo(-14) }, ['expiring']],
    ['on its last day', { expiresOn: dayAgo(0) }, ['expiring']],
    ['a day past its last', { expiresOn: dayAgo(1) }, ['expired']],
    [
      'expired, and also old and unused',
      { expiresOn: dayAgo(1), createdAt: daysAgo(99), lastUsedOn: dayAgo(50) },
      ['expired'],
    ],
    ['without an expiry', { expiresOn: undefined }, ['no-expiry']],
    ['of unknown age', { createdAt: undefined, lastUsedOn: undefined }, []],
    ['in another workspace', { workspaceId: ML_ID }, ['wrong-workspace']],
    ['in an unknown workspace', { workspaceId: undefined }, []],
  ])('%s', (_name, change, types) => {
    expect(typesOf(auditOf([aRotatedKey(CURRENT, change)]))).toEqual(types);
  });

  test('is reported with its secret, the date and what to run', () => {
    expect(auditOf([aRotatedKey(CURRENT, { expiresOn: dayAgo(3) })])).toEqual([
      {
        id: `expired#${DEV_ID}#${DEV}`,
        type: 'expired',
        severity: 'critical',
        subject: DEV,
        workspace: 'dev-workspace',
        summary: 'Expired on 2026-06-27: Mistral rejects it.',
        evidence: {
          secret: DEV,
          team: 'all developers',
          version: CURRENT,
          keyId: 'of-aaaaaaaa',
          key: 'dev-team-key-20260620-aaaaaaaa',
          created: '2026-06-20',
          lastUsed: '2026-06-30',
          expires: '2026-06-27',
        },
        since: '2026-06-28',
        nextStep: 'Rotate the key now',
        nextCommand: `aws secretsmanager rotate-secret --secret-id ${DEV}`,
      },
    ]);
  });

  test('is missing when Mistral does not list it', () => {
    expect(auditOf([aListedKey({ name: 'dev-team-key' })], {}, { complete: true })).toContainEqual(
      expect.objectContaining({ type: 'missing', severity: 'critical', subject: DEV }),
    );
  });

  test('is not called missing by a listing that broke off', () => {
    expect(auditOf([], {}, { complete: false })).toEqual([]);
  });

  test('is not called missing where its secret could not be read', () => {
    expect(auditOf([], { secrets: new Map() })).toEqual([]);
  });
});

describe('an unmanaged key', () => {
  test('is judged by its dates as well', () => {
    const findings = auditOf([
      inOrder,
      aListedKey({ lastUsedOn: dayAgo(45), expiresOn: undefined }),
    ]);
    expect(typesOf(findings)).toEqual(['no-expiry', 'stale', 'unmanaged']);
    expect(findings.find(({ type }) => type === 'stale')).toMatchObject({
      id: `stale#${DEV_ID}#k1`,
      subject: 'notebook',
      workspace: 'dev-workspace',
      since: dayAgo(15),
      nextStep: 'Delete key k1 in the Mistral console, if its owner agrees',
      nextCommand: 'https://console.mistral.ai/api-keys',
    });
  });

  test('that expired is only information', () => {
    const findings = auditOf([inOrder, aListedKey({ expiresOn: dayAgo(1) })]);
    expect(findings.find(({ type }) => type === 'expired')).toMatchObject({ severity: 'info' });
  });

  test('cannot break out of its line with its name', () => {
    const [finding] = auditOf([inOrder, aListedKey({ name: `a\n\u202eb${'x'.repeat(300)}` })]);
    expect(finding?.subject).toMatch(/^a bx+…$/);
    expect(JSON.stringify(finding)).not.toMatch(/\\n|\u202e/);
  });

  test('in no workspace and without a name is named by its id', () => {
    const key = aListedKey({ name: '', workspaceId: undefined, workspaceName: undefined });
    expect(auditOf([inOrder, key])).toMatchObject([{ subject: 'k1', workspace: 'organization' }]);
  });
});

describe('a key that a rotation created', () => {
  const labelled = devWith({ [CURRENT]: ['AWSCURRENT'], [PREVIOUS]: ['AWSPREVIOUS'] });
  const old = aRotatedKey(PREVIOUS, { createdAt: daysAgo(120), lastUsedOn: dayAgo(40) });

  test('and no label names is orphaned, and nothing else', () => {
    const findings = auditOf([inOrder, old]);
    expect(findings).toMatchObject([
      { id: `orphaned#${DEV_ID}#of-cccccccc`, type: 'orphaned', severity: 'warning' },
    ]);
  });

  test('and only AWSPREVIOUS names is orphaned', () => {
    expect(typesOf(auditOf([inOrder, old], labelled))).toEqual(['orphaned']);
  });

  test('and a running retirement will revoke is left to it', () => {
    const retiring = { has: ({ id }: { readonly id: string }) => id === old.id };
    expect(auditOf([inOrder, old], { ...labelled, retiring })).toEqual([]);
    expect(auditOf([inOrder, old], { retiring })).toEqual([]);
  });

  test('is not called orphaned while it is not known what is being retired', () => {
    expect(auditOf([inOrder, old], { ...labelled, retiring: undefined })).toEqual([]);
    expect(auditOf([inOrder, old], { retiring: undefined })).toEqual([]);
  });

  test('is not called orphaned while its secret cannot be read', () => {
    expect(auditOf([inOrder, old], { secrets: new Map() })).toEqual([]);
  });

  test('is not called orphaned or missing while its secret is being rotated', () => {
    const audit = audited([old]);
    expect([...audit.suspects()]).toEqual([DEV]);
    expect(audit.findings({ complete: true, changing: new Set([DEV]) })).toEqual([]);
  });

  test('for a key that left the policy is orphaned', () => {
    const gone = aListedKey({ name: 'batch-key-20260101-12345678' });
    expect(typesOf(auditOf([inOrder, gone]))).toEqual(['orphaned']);
  });

  test('is awaited while it is pending', () => {
    const pending = devWith({ [CURRENT]: ['AWSCURRENT'], [PENDING]: ['AWSPENDING'] });
    const young = aRotatedKey(PENDING, { lastUsedOn: undefined });
    expect(auditOf([inOrder, young], pending)).toEqual([]);
  });

  test('twice under one name is reported once, with a way to find which to keep', () => {
    const twins = [inOrder, aRotatedKey(CURRENT, { id: 'twin', lastUsedOn: undefined })];
    const findings = auditOf(twins);
    expect(findings).toMatchObject([
      { type: 'orphaned', evidence: { count: '2', keyIds: 'of-aaaaaaaa, twin', secret: DEV } },
    ]);
    expect(findings[0]?.nextCommand).toMatch(/jq -r \.keyId/);
  });

  test('is current even when its version still carries AWSPENDING', () => {
    const both = devWith({ [CURRENT]: ['AWSPENDING', 'AWSCURRENT'] });
    const key = aRotatedKey(CURRENT, { lastUsedOn: dayAgo(31) });
    expect(typesOf(auditOf([key], both))).toEqual(['stale']);
  });
});

describe('very many keys', () => {
  const hoard = (count: number, change = {}) =>
    Array.from({ length: count }, (_, at) =>
      aListedKey({ id: `k${at}`, name: `n${at}`, ...change }),
    );

  test('50 of a kind in a workspace are reported one by one', () => {
    expect(auditOf([inOrder, ...hoard(50)])).toHaveLength(50);
  });

  test('51 become one finding with their number and some names', () => {
    const older = aListedKey({ id: 'old', name: 'old', createdAt: daysAgo(80) });
    expect(auditOf([inOrder, ...hoard(60), older])).toEqual([
      expect.objectContaining({
        id: `unmanaged#${DEV_ID}#many`,
        subject: '61 keys',
        workspace: 'dev-workspace',
        evidence: { count: '61', examples: 'n0, n1, n2, n3, n4' },
        since: dayAgo(80),
      }),
    ]);
  });

  test('are counted for each workspace and type by itself', () => {
    const elsewhere = hoard(40, { workspaceId: ML_ID, workspaceName: 'ml-workspace' });
    const findings = auditOf([inOrder, ...hoard(51, { expiresOn: undefined }), ...elsewhere]);
    expect(findings.filter(({ subject }) => subject === '51 keys').map(({ id }) => id)).toEqual([
      `unmanaged#${DEV_ID}#many`,
      `no-expiry#${DEV_ID}#many`,
    ]);
    expect(findings).toHaveLength(42);
  });

  test('orphaned by one secret are counted exactly', () => {
    const orphans = Array.from({ length: 120 }, (_, at) =>
      aRotatedKey(String(10_000_000 + at), { id: `o${at}` }),
    );
    expect(auditOf([inOrder, ...orphans])).toMatchObject([
      { id: `orphaned#${DEV_ID}#many`, evidence: { count: '120' } },
    ]);
  });

  test('findings can be requested again', () => {
    const audit = audited([inOrder, ...hoard(60)]);
    const view = { complete: true, changing: new Set<string>() };
    expect(audit.findings(view)).toEqual(audit.findings(view));
  });
});

test('only current keys of which there is one, where the policy wants it, count as in use', () => {
  const use = { secretName: DEV, keyId: 'of-aaaaaaaa', lastUsedOn: dayAgo(0) };
  expect(audited([inOrder]).inUse()).toEqual([use]);
  expect(audited([inOrder, aRotatedKey(CURRENT, { id: 'twin' })]).inUse()).toEqual([]);
  expect(audited([aRotatedKey(CURRENT, { workspaceId: ML_ID })]).inUse()).toEqual([]);
  expect(audited([aRotatedKey(CURRENT, { lastUsedOn: undefined })]).inUse()).toEqual([]);
});
