import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HISTORY_SECONDS } from '../../governance/keys/journal.aws.js';
import { LEDGER_DAYS } from '../../governance/ledger/ledger-store.aws.js';
import { DAY_MS } from '../../governance/platform/utc-day.js';
import { KEPT_MS } from '../../governance/quotas/meter.js';
import { KEPT_DAYS } from '../../governance/spend/note-spend.js';
import { SPEND_SECONDS } from '../../governance/spend/spend-memory.aws.js';
import { aPolicy } from '../support/builders.js';
import { synthesize } from '../support/synth.js';

const { template, workspace } = synthesize();

/** Another logical id makes CloudFormation create an empty one, and leave what it has behind. */
test.each([
  ['AWS::DynamoDB::Table', ['ObjectsTableEE4C5E98', 'QuotasTable07B38682', 'RecordsTableC9B7A30B']],
  ['AWS::KMS::Key', ['EncryptionKey1B843E66']],
  ['AWS::S3::Bucket', ['EvidenceBucketC67FF768']],
])('%s keeps its identity from version to version, and outlives the stack', (type, ids) => {
  const found = template.findResources(type);
  expect(Object.keys(found).sort()).toEqual(ids);
  for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(found)) {
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  }
});

describe('the secret of a key', () => {
  const secrets = workspace('dev-workspace').findResources('AWS::SecretsManager::Secret');

  test('keeps its identity, and its name', () => {
    const names = Object.entries(secrets).map(([id, { Properties }]) => [id, Properties.Name]);
    expect(Object.fromEntries(names)).toEqual({
      devteamkeySecret72877085: 'mistral/dev-workspace/dev-team-key',
      gatewaySecretA6DB875F: 'mistral/dev-workspace/gateway',
    });
  });

  test('outlives its place in the policy, but not a deploy that fails to make it', () => {
    for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(secrets)) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    }
  });
});

test('tables are protected against deletion, and any second of 35 days can be restored', () => {
  for (const { Properties } of Object.values(template.findResources('AWS::DynamoDB::Table'))) {
    expect(Properties).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    expect(Properties.PointInTimeRecoverySpecification).not.toHaveProperty('RecoveryPeriodInDays');
  }
});

describe('the page about compliance says how long it is kept:', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/compliance.md'), 'utf8');
  const text = page.replaceAll('\n', ' ');
  const days = (ms: number) => ms / DAY_MS;
  const retention = template.findResources('AWS::Logs::LogGroup');
  const queues = template.findResources('AWS::SQS::Queue');

  test.each([
    [`hours for ${days(KEPT_MS.hour)} days, days for ${days(KEPT_MS.day)}`],
    [`months for ${days(KEPT_MS.month)} after their end`],
    [`requests a minute for ${days(KEPT_MS.minute)} days`],
    [`| quota table, \`quota#caller#…\` | ${days(KEPT_MS.day)} days after the day |`],
    [`| quota table, \`ledger#…\` | ${LEDGER_DAYS} days after the day |`],
    [`| records table, \`history#…\` | ${days(HISTORY_SECONDS * 1000)} days |`],
    [`forecasts are made are kept for ${KEPT_DAYS} days`],
    [`expires ${days(SPEND_SECONDS * 1000)} days after its last change`],
    [`\`audit.evidenceRetentionDays\`, ${aPolicy().audit.evidenceRetentionDays} days`],
  ])('%s', (sentence) => {
    expect(text).toContain(sentence);
  });

  test('logs a year, letters that were not delivered 14 days', () => {
    const logDays = Object.values(retention).map(({ Properties }) => Properties.RetentionInDays);
    expect([...new Set(logDays)]).toEqual([365]);
    const seconds = Object.values(queues).map(
      ({ Properties }) => Properties.MessageRetentionPeriod,
    );
    expect([...new Set(seconds)]).toEqual([14 * 86_400]);
    expect(text).toContain('CloudWatch Logs | one year |');
    expect(text).toContain('dead-letter queues | 14 days |');
  });
});
