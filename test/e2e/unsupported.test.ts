import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copyWithoutUnsupported, declaredResources } from '../../e2e/unsupported.js';

const TEMPLATE = {
  Resources: {
    Secret: { Type: 'AWS::SecretsManager::Secret', DeletionPolicy: 'Retain' },
    Policy: { Type: 'AWS::SecretsManager::ResourcePolicy', Properties: { SecretId: 's' } },
    Schedule: { Type: 'AWS::SecretsManager::RotationSchedule', DependsOn: ['Policy'] },
    OneMetric: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
    TwoMetrics: { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [] } },
    OfAlarms: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: 'TRUE' } },
    Trigger: { Type: 'Custom::Trigger', DependsOn: ['OfAlarms', 'Secret'] },
  },
};

function assembly(): { readonly whole: string; readonly copy: string } {
  const folder = mkdtempSync(join(tmpdir(), 'left-out-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const whole = mkdtempSync(join(folder, 'whole-'));
  writeFileSync(join(whole, 'Keys.nested.template.json'), JSON.stringify(TEMPLATE));
  return { whole, copy: join(folder, 'copy') };
}

test('only what the emulator cannot create is left out of the copy', () => {
  const { whole, copy } = assembly();
  const leftOut = copyWithoutUnsupported(whole, copy);
  expect(leftOut).toEqual(['TwoMetrics', 'OfAlarms']);
  expect(declaredResources(copy).map(({ Type }) => Type)).toEqual([
    'AWS::SecretsManager::Secret',
    'AWS::SecretsManager::ResourcePolicy',
    'AWS::SecretsManager::RotationSchedule',
    'AWS::CloudWatch::Alarm',
    'Custom::Trigger',
  ]);
});

test('nothing depends on what was left out', () => {
  const { whole, copy } = assembly();
  copyWithoutUnsupported(whole, copy);
  const trigger = declaredResources(copy).find(({ Type }) => Type === 'Custom::Trigger');
  expect(trigger?.DependsOn).toEqual(['Secret']);
});

test('the original stays as it was', () => {
  const { whole, copy } = assembly();
  copyWithoutUnsupported(whole, copy);
  const text = readFileSync(join(whole, 'Keys.nested.template.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(TEMPLATE);
});
