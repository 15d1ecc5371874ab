import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  ORGANIZATION,
  RETIREMENT_OUTCOMES,
  ROTATION_OUTCOMES,
} from '../../governance/platform/metrics.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { GovernanceFunction } from '../platform/governance-function.js';
import { graph, graphOfTop, latest } from './dashboard-widgets.js';
import type { DeadLetterQueue } from './dead-letter-queue.js';
import { governanceMetric } from './governance-metric.js';
import { PER_FIVE_MINUTES, type WatchedAlarm } from './runbook-alarm.js';

export interface OperationsDashboardProps {
  readonly policy: Policy;

  /** All that notify on-call. */
  readonly alarms: readonly WatchedAlarm[];

  readonly functions: readonly GovernanceFunction[];

  readonly deadLetters: readonly { readonly queue: DeadLetterQueue; readonly name: string }[];

  readonly retirements: IStateMachine;
}

const DAILY = { period: Duration.days(1), statistic: 'Maximum' } as const;
const EVENTS_OF_A_DAY = { period: Duration.days(1), statistic: 'Sum' } as const;
const SPEND_CHECKED = { period: Duration.minutes(15), statistic: 'Maximum' } as const;
const PERCENTILES = ['p50', 'p95', 'p99'] as const;

/** The state of the system on one page: what on-call opens first. */
export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);

    const { policy } = props;
    const { stackName, region } = Stack.of(this);
    const rows = [
      [heading(policy.alerts.runbookUrl)],
      [
        new cloudwatch.AlarmStatusWidget({
          title: 'Alarms',
          alarms: props.alarms.map((alarm) => this.known(alarm)),
          sortBy: cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
          width: 24,
          height: 8,
        }),
      ],
      ...spend(policy.mistral.currency),
      ...(policy.gateway.enabled ? [gateway(policy.mistral.currency)] : []),
      keysInNumbers(policy.mistral.keySource),
      keys(policy.audit.maxAgeDays),
      lifecycle(props.retirements),
      functions(props.functions),
      [
        graph('Dead-letter queues', {
          left: props.deadLetters.map(({ queue, name }) => queue.metricMessages({ label: name })),
        }),
      ],
    ];
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: `${stackName}-${region}`, // a name counts in all regions of the account
      defaultInterval: Duration.days(3),
      periodOverride: cloudwatch.PeriodOverride.INHERIT, // or one value a night would be drawn as many
      widgets: rows,
    });
  }

  /** By its name, so that the dashboard need not wait for the alarm to be created. */
  private known({ fixedName }: WatchedAlarm): cloudwatch.IAlarm {
    return cloudwatch.Alarm.fromAlarmName(this, fixedName, fixedName);
  }
}

function heading(runbookUrl: string): cloudwatch.IWidget {
  return new cloudwatch.TextWidget({
    markdown: `## Mistral governance\n[Runbook](${runbookUrl}). Graphs by workspace show the twenty with the highest values. Days are in UTC.`,
    width: 24,
    height: 2,
  });
}

function spend(currency: string): cloudwatch.IWidget[][] {
  const windows = ['Month', 'Day', 'Hour'] as const;
  const budget = { value: 100, label: 'budget', color: cloudwatch.Color.RED };
  return [
    windows.map((window) =>
      graphOfTop(`${window}Percent`, 'workspace', {
        title: `${window}: budget spent, %`,
        ...SPEND_CHECKED,
        leftAnnotations: [budget],
      }),
    ),
    windows.map((window) =>
      graphOfTop(`${window}Spend`, 'workspace', {
        title: `${window}: spent, ${currency}`,
        ...SPEND_CHECKED,
      }),
    ),
  ];
}

function gateway(currency: string): cloudwatch.IWidget[] {
  return [
    graphOfTop('Latency', 'outcome', {
      title: 'Gateway: requests by outcome',
      period: PER_FIVE_MINUTES.period,
      statistic: cloudwatch.Stats.SAMPLE_COUNT,
      stacked: true,
    }),
    graph('Gateway: latency of answered requests, ms', {
      left: PERCENTILES.map((statistic) =>
        governanceMetric('Latency', 'outcome', 'answered', {
          period: PER_FIVE_MINUTES.period,
          statistic,
          label: statistic,
        }),
      ),
    }),
    graphOfTop('UpstreamRefusals', 'status', {
      title: 'Gateway: 401 and 429 from Mistral, retried ones included',
      ...PER_FIVE_MINUTES,
    }),
    graphOfTop('UnpricedRequests', 'workspace', {
      title: 'Gateway: requests for models without a price',
      ...PER_FIVE_MINUTES,
    }),
    graphOfTop('OverflowSpend', 'overflow', {
      title: `Gateway: spent with the key of another workspace, ${currency}`,
      ...PER_FIVE_MINUTES,
    }),
    graphOfTop('OverflowRefusals', 'workspace', {
      title: 'Gateway: overflow refused, since a workspace has lent what it may',
      ...PER_FIVE_MINUTES,
    }),
  ];
}

function keysInNumbers(keySource: Policy['mistral']['keySource']): cloudwatch.IWidget[] {
  const titles = {
    // Only the Admin API lists them.
    ...(keySource === 'admin-api' && { KeysListed: 'Keys at Mistral' }),
    KeysManaged: 'Keys managed',
    OldestKeyDays: 'Oldest managed key, days',
    RetirementsRunning: 'Replaced keys still valid',
    OldestRetirementDays: 'Oldest replaced key, days',
  } as const;
  return Object.entries(titles).map(([name, title]) =>
    latest(title, governanceMetric(name as keyof typeof titles, 'workspace', ORGANIZATION, DAILY)),
  );
}

function keys(maxAgeDays: number): cloudwatch.IWidget[] {
  return [
    graphOfTop('OldestKeyDays', 'workspace', {
      title: 'Age of the oldest key, days',
      ...DAILY,
      leftAnnotations: [{ value: maxAgeDays, label: 'audit.maxAgeDays' }],
    }),
    graphOfTop('FindingsOpen', 'type', {
      title: 'Audit findings by type',
      ...DAILY,
      stacked: true,
    }),
    graphOfTop('FindingsOpen', 'severity', {
      title: 'Audit findings by severity',
      ...DAILY,
      stacked: true,
    }),
  ];
}

function lifecycle(retirements: IStateMachine): cloudwatch.IWidget[] {
  return [
    graph('Rotations a day', {
      left: ROTATION_OUTCOMES.map((outcome) =>
        governanceMetric('Rotations', 'outcome', outcome, { ...EVENTS_OF_A_DAY, label: outcome }),
      ),
    }),
    graph('Retirements a day, by outcome', {
      left: RETIREMENT_OUTCOMES.map((outcome) =>
        governanceMetric('Retirements', 'outcome', outcome, { ...EVENTS_OF_A_DAY, label: outcome }),
      ),
    }),
    graph('Retirement flow executions a day', {
      left: [
        retirements.metricStarted({ ...EVENTS_OF_A_DAY, label: 'started' }),
        retirements.metricSucceeded({ ...EVENTS_OF_A_DAY, label: 'succeeded' }),
        retirements.metricFailed({ ...EVENTS_OF_A_DAY, label: 'failed' }),
        retirements.metricAborted({ ...EVENTS_OF_A_DAY, label: 'stopped manually' }),
      ],
    }),
  ];
}

function functions(all: readonly GovernanceFunction[]): cloudwatch.IWidget[] {
  const labelled = (one: GovernanceFunction) => ({ ...PER_FIVE_MINUTES, label: one.folder });
  return [
    graph('Functions: errors', { left: all.map((one) => one.metricErrors(labelled(one))) }),
    graph('Functions: throttles', { left: all.map((one) => one.metricThrottles(labelled(one))) }),
    graph('Functions: longest run, ms', {
      left: all.map((one) => one.metricDuration({ ...labelled(one), statistic: 'Maximum' })),
    }),
  ];
}
