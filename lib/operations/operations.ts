import { Duration } from 'aws-cdk-lib';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import { ORGANIZATION } from '../../governance/platform/metrics.js';
import type { Policy, RotationPolicy } from '../../governance/policy/policy.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { AlertTopic } from './alert-topic.js';
import { DeadLetterQueue } from './dead-letter-queue.js';
import { FunctionAlarms, type FunctionAlarmsProps } from './function-alarms.js';
import { governanceMetric } from './governance-metric.js';
import { OperationsDashboard } from './operations-dashboard.js';

export interface OperationsProps extends Pick<FunctionAlarmsProps, 'watchedElsewhere'> {
  /** All functions and dead-letter queues below this are watched. */
  readonly system: IConstruct;

  readonly policy: Policy;

  readonly alertTopic: AlertTopic;

  readonly retirements: IStateMachine;
}

/** Run in deploys, which fail with them, so they need no alarms: of what later runs leave undone, the audit has findings. */
const OF_DEPLOYS = ['provision-keys', 'request-keys', 'provide-secret'];

/** Alarms on the system as a whole, and its dashboard. */
export class Operations extends Construct {
  constructor(scope: Construct, id: string, props: OperationsProps) {
    super(scope, id);

    const { system, policy, alertTopic, retirements } = props;
    const functions = constructsOf(system, GovernanceFunction);

    addKeyAlarms(new Construct(this, 'KeyAlarms'), policy, alertTopic);
    new FunctionAlarms(this, 'FunctionAlarms', {
      alertTopic,
      functions: functions.filter(({ folder }) => !OF_DEPLOYS.includes(folder)),
      watchedElsewhere: props.watchedElsewhere,
    });
    new OperationsDashboard(this, 'Dashboard', {
      policy,
      alarms: alertTopic.watched,
      functions,
      deadLetters: constructsOf(system, DeadLetterQueue).map((queue) => ({
        queue,
        name: queue.node.path.slice(system.node.path.length + 1),
      })),
      retirements,
    });
  }
}

// The audit writes once a night; the alarm keeps its state until the next one.
const NIGHTLY = { period: Duration.minutes(5), statistic: 'Maximum' } as const;

/** What makes a rotation late depends on who creates keys. */
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
function addKeyAlarms(
  scope: Construct,
  { mistral, rotation }: Policy,
  alertTopic: AlertTopic,
): void {
  const days = longestRetirementDays(rotation);
  alertTopic.alarm(scope, 'RotationOverdue', {
    alarmName: 'governance-rotation-overdue',
    ...LATE[mistral.keySource],
    holdsWithoutData: true,
  });
  alertTopic.alarm(scope, 'RetirementOverdue', {
    alarmName: 'governance-retirement-overdue',
    description: `A replaced or removed key is still valid after more than ${days} days`,
    metric: governanceMetric('OldestRetirementDays', 'workspace', ORGANIZATION, NIGHTLY),
    above: days,
    holdsWithoutData: true,
  });
}

/** For a key in use until the last day of its drain, and then unused for long enough to be revoked. */
function longestRetirementDays(rotation: RotationPolicy): number {
  const cacheDays = Math.floor(rotation.readerCacheSeconds / 86_400);
  return rotation.maxDrainDays + rotation.quietDays + 2 + cacheDays;
}

function constructsOf<Found extends IConstruct>(
  system: IConstruct,
  type: abstract new (...args: never[]) => Found,
): Found[] {
  return system.node.findAll().filter((one): one is Found => one instanceof type);
}
