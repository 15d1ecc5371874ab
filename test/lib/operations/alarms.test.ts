import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { METRICS, type MetricName } from '../../../governance/platform/metrics.js';
import { alarmsOf } from '../../support/alarms.js';
import { aPolicy } from '../../support/builders.js';
import { synthesize } from '../../support/synth.js';

const { template } = synthesize();
const alarms = alarmsOf(template);
const named = (name: string) => alarms.find((alarm) => alarm.name === name);

const OWN_HEADING = [
  'governance-alerts-undelivered',
  'governance-audit-failing',
  'governance-audit-missed',
  'governance-audit-not-started',
  'governance-gateway-failing',
  'governance-gateway-throttled',
  'governance-gateway-unauthorized',
  'governance-retirement-failed',
  'governance-retirement-overdue',
  'governance-rotation-failing',
  'governance-rotation-overdue',
  'governance-spend-monitor-failing',
  'governance-spend-monitor-missed',
  'governance-spend-monitor-not-started',
];

test('on-call is notified of these, when they begin and when they end', () => {
  const notifying = alarms.filter(({ notifiesOnCall }) => notifiesOnCall);
  const ofFunctions = notifying.filter(({ name }) => name.startsWith('governance-function-'));
  const others = notifying.filter((alarm) => !ofFunctions.includes(alarm));
  expect(others.map(({ name }) => name).sort()).toEqual(OWN_HEADING);
  for (const { name, heading } of others) expect(heading).toBe(name);
  for (const { properties } of notifying) {
    expect(properties.AlarmActions).toHaveLength(1);
    expect(properties.OKActions).toEqual(properties.AlarmActions);
  }
});

test('an alarm asks for metrics that this product writes, as it writes them, or for those of AWS', () => {
  for (const { properties, name } of alarms) {
    const { Namespace, MetricName: metric, Dimensions } = properties;
    if (Namespace !== 'MistralGovernance') {
      expect([undefined, 'AWS/Lambda', 'AWS/SQS', 'AWS/States'], name).toContain(Namespace);
      continue;
    }
    const [{ Name }] = Dimensions as [{ Name: string }];
    expect(METRICS[metric as MetricName].dimensions, name).toContain(Name);
  }
});

describe('a missed run', () => {
  test.each([
    ['audit', 'has not run for 2 days', 86_400, 2],
    ['spend-monitor', 'has not run for 1 hour', 900, 4],
  ])('of the %s %s', (name, text, Period, EvaluationPeriods) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `governance-${name}-idle`,
      // Without the fill, CloudWatch would take periods before those without data.
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: 'FILL(runs, 0)', ReturnData: true }),
        Match.objectLike({
          Id: 'runs',
          MetricStat: Match.objectLike({
            Metric: Match.objectLike({ MetricName: 'Invocations' }),
            Period,
            Stat: 'Sum',
          }),
        }),
      ]),
      EvaluationPeriods,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    expect(named(`governance-${name}-missed`)?.description).toContain(text);
  });

  test('of an audit that pauses over weekends needs as many days more', () => {
    const policy = aPolicy((document) => {
      document.audit.schedule = 'cron(0 4 ? * MON-FRI *)';
    });
    synthesize(policy).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'governance-audit-idle',
      EvaluationPeriods: 4,
    });
  });

  test.each(['audit', 'spend-monitor'])('of the %s differs from one that was never due', (name) => {
    // No data leaves it without a state; from the first run on it stays OK.
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `governance-${name}-begun`,
      MetricName: 'Invocations',
      Threshold: 0,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'ignore',
    });
    const part = (end: string) => {
      const id = named(`governance-${name}-${end}`)?.logicalId;
      return { 'Fn::GetAtt': [id, 'Arn'] };
    };
    template.hasResourceProperties('AWS::CloudWatch::CompositeAlarm', {
      AlarmName: `governance-${name}-missed`,
      AlarmRule: {
        'Fn::Join': ['', ['(ALARM("', part('idle'), '") AND OK("', part('begun'), '"))']],
      },
    });
  });

  test('notifies by one alarm, and not by the two that it is made of', () => {
    const silent = alarms.filter(({ notifiesOnCall }) => !notifiesOnCall);
    expect(silent.map(({ name }) => name).sort()).toEqual([
      'governance-audit-begun',
      'governance-audit-idle',
      'governance-spend-monitor-begun',
      'governance-spend-monitor-idle',
    ]);
  });
});

test('a failed retirement raises an alarm by one metric, which a sum with another could silence', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmName: 'governance-retirement-failed',
    Namespace: 'AWS/States',
    MetricName: 'ExecutionsFailed',
    Statistic: 'Sum',
  });
});

describe('late keys', () => {
  test('a finding that a rotation is overdue holds its alarm until an audit resolves it', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'governance-rotation-overdue',
      Namespace: 'MistralGovernance',
      MetricName: 'FindingsOpen',
      Dimensions: [{ Name: 'type', Value: 'rotation-overdue' }],
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'ignore',
    });
  });

  test.each([
    [{ maxDrainDays: 7, quietDays: 1, readerCacheSeconds: 3600 }, 10],
    [{ maxDrainDays: 3, quietDays: 2, readerCacheSeconds: 3600 }, 7],
    [{ maxDrainDays: 7, quietDays: 1, readerCacheSeconds: 2 * 86_400 }, 12],
  ])('with %o a retirement is late after %i days', (rotation, days) => {
    const policy = aPolicy((document) => {
      document.rotation = { ...document.rotation, ...rotation };
    });
    synthesize(policy).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'governance-retirement-overdue',
      AlarmDescription: Match.stringLikeRegexp(`after more than ${days} days`),
      MetricName: 'OldestRetirementDays',
      Dimensions: [{ Name: 'workspace', Value: 'organization' }],
      Threshold: days,
      TreatMissingData: 'ignore',
    });
  });
});

test("the gateway's rejected key raises an alarm from the first request that fails for it", () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmName: 'governance-gateway-unauthorized',
    MetricName: 'Latency',
    Dimensions: [{ Name: 'outcome', Value: 'upstream_unauthorized' }],
    Statistic: 'SampleCount',
    EvaluationPeriods: 1,
  });
});

describe('every function', () => {
  const functions = [
    'confirm-revocation',
    'gateway',
    'key-rotation',
    'nightly-audit',
    'notify-on-call',
    'revoke-key',
    'roll-back-key',
    'spend-monitor',
    'verify-retirement',
  ];

  function watched(trouble: string): string[] {
    const heading = `governance-function-${trouble}`;
    return alarms
      .filter((alarm) => alarm.heading === heading)
      .map(({ name }) => name.slice(heading.length + 1))
      .sort();
  }

  test('has an alarm on errors, by its own name or a better one', () => {
    const elsewhere = ['gateway', 'key-rotation', 'nightly-audit', 'spend-monitor'];
    expect(watched('failing')).toEqual(functions.filter((name) => !elsewhere.includes(name)));
  });

  test('has an alarm on throttles', () => {
    expect(watched('throttled')).toEqual(functions.filter((name) => name !== 'gateway'));
  });

  test('has an alarm before its time runs out', () => {
    expect(watched('slow')).toEqual(functions);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'governance-function-slow-nightly-audit',
      MetricName: 'Duration',
      Statistic: 'Maximum',
      Threshold: 720_000,
    });
  });

  test('but not the one that a deploy waits for, and fails with', () => {
    expect(alarms.filter(({ name }) => name.includes('provision'))).toEqual([]);
  });
});

test('every dead-letter queue has an alarm', () => {
  const queues = Object.keys(template.findResources('AWS::SQS::Queue'));
  const watched = alarms
    .filter(({ properties }) => properties.Namespace === 'AWS/SQS')
    .map(({ properties }) => JSON.stringify(properties.Dimensions));
  expect(queues.length).toBeGreaterThan(0);
  for (const queue of queues) expect(watched.join()).toContain(`"${queue}"`);
});

test('a policy without gateway has no alarm of it', () => {
  const policy = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  const names = alarmsOf(synthesize(policy).template).map(({ name }) => name);
  expect(names.filter((name) => name.includes('gateway'))).toEqual([]);
});
