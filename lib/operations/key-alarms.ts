import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ORGANIZATION } from '../../governance/platform/metrics.js';
import type { Policy, RotationPolicy } from '../../governance/policy/policy.js';
import type { AlertTopic } from './alert-topic.js';
import { governanceMetric } from './governance-metric.js';

export interface KeyAlarmsProps {
  /** Who creates keys, and so what makes a rotation late. */
  readonly keySource: Policy['mistral']['keySource'];
  readonly rotation: Pick<RotationPolicy, 'readerCacheSeconds' | 'quietDays' | 'maxDrainDays'>;
  readonly alertTopic: AlertTopic;
}

// The audit writes once a night; the alarm keeps its state until the next one.
const NIGHTLY = { period: Duration.minutes(5), statistic: 'Maximum' } as const;

const LATE = {
  'admin-api': {
    description: 'A key rotation is overdue',
    metric: governanceMetric('FindingsOpen', 'type', 'rotation-overdue', NIGHTLY),
  },
  operator: {
    description: 'A key is due for replacement, and no operator has supplied a new one',
    metric: governanceMetric('FindingsOpen', 'type', 'key-needed', NIGHTLY),
  },
} as const;

/** Alarms on what the nightly audit measures: keys whose rotation or retirement is late. */
export class KeyAlarms extends Construct {
  constructor(scope: Construct, id: string, props: KeyAlarmsProps) {
    super(scope, id);

    const { keySource, rotation, alertTopic } = props;
    const days = longestRetirementDays(rotation);
    alertTopic.alarm(this, 'RotationOverdue', {
      alarmName: 'governance-rotation-overdue',
      ...LATE[keySource],
      holdsWithoutData: true,
    });
    alertTopic.alarm(this, 'RetirementOverdue', {
      alarmName: 'governance-retirement-overdue',
      description: `A replaced or removed key is still valid after more than ${days} days`,
      metric: governanceMetric('OldestRetirementDays', 'workspace', ORGANIZATION, NIGHTLY),
      above: days,
      holdsWithoutData: true,
    });
  }
}

/** For a key in use until the last day of its drain, and then unused for long enough to be revoked. */
function longestRetirementDays(rotation: KeyAlarmsProps['rotation']): number {
  const cacheDays = Math.floor(rotation.readerCacheSeconds / 86_400);
  return rotation.maxDrainDays + rotation.quietDays + 2 + cacheDays;
}
