import { WORST_FIRST } from '../../governance/alerts/alert.js';
import { countText, numberText } from '../../governance/platform/wording.js';
import { FINDING_TYPES } from '../../governance/policy/finding-types.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../../governance/policy/planned-keys.js';
import type { ResourceCounts } from '../../governance/policy/planned-resources.js';
import type { Policy } from '../../governance/policy/policy.js';
import { parseSchedule, runsAYear } from '../../governance/policy/schedule.js';
import { AWS_PRICES } from './aws-prices.js';
import { type Cost, cents, cost, tenths, usdText } from './costs.js';

const HOURS = 730; // of a month
const DAYS = 365 / 12;
const HOUR_SECONDS = 3_600;

// What a policy does not say: estimates, on the high side.
const INSTANCES_OF_A_KEY = 10;
/** Less would be a read for each use, which depends on the service. */
const LEAST_CACHE_SECONDS = 60;
const AUDIT = { seconds: 60, gigabytes: 0.5, files: 5, storedGigabytes: 0.0001 };
const SPEND_CHECK = { seconds: 3, gigabytes: 0.25, times: (HOURS * 60) / 15 };
const TRANSITIONS_OF_A_ROTATION = 10;
const TRANSITIONS_OF_A_REFRESH = 20;
const MAILS = 100;
const EVENTS = 1_000;
const LOG_GIGABYTES = 0.1;
/** Of all workspaces together; each workspace, type and severity has one of its own. */
const METRICS_OF_ALL = { 'admin-api': 5, operator: 4 };

type Keys = readonly PlannedKey[];

/** A month of the system without any request through the gateway. */
export function monthlyCosts(policy: Policy, resources: ResourceCounts): readonly Cost[] {
  const keys = plannedKeys(policy);
  const audits = auditsOf(policy.audit.schedule);
  return [
    ...secretCosts(policy, keys),
    ...alarmCosts(resources),
    ...metricCosts(policy, keys, audits),
    ...runCosts(policy, keys, audits),
    evidenceCost(policy, audits),
  ];
}

function secretCosts({ mistral, rotation }: Policy, keys: Keys): Cost[] {
  const own = keys.filter(({ key }) => key.name !== GATEWAY_KEY_NAME);
  const ofAdmin = mistral.keySource === 'admin-api' ? 1 : 0;
  const secrets = keys.length + ofAdmin;
  const parts = [
    countText(own.length, 'key'),
    ...(own.length < keys.length ? [`${keys.length - own.length} of the gateway`] : []),
    ...(ofAdmin > 0 ? ['the admin key'] : []),
  ];
  const sum = parts.length > 1 ? ` = ${secrets}` : '';

  const read = own.filter(({ key }) => key.readers.length > 0).length;
  const cacheSeconds = Math.max(LEAST_CACHE_SECONDS, rotation.readerCacheSeconds);
  const readsOfEach = (HOURS * HOUR_SECONDS) / cacheSeconds;
  const reads = read * INSTANCES_OF_A_KEY * readsOfEach;
  const readsText = `${countText(read, 'key')} with readers × ${INSTANCES_OF_A_KEY} service instances × ${tenths(readsOfEach)} reads = ${tenths(reads)}`;
  return [
    cost('Secrets Manager', 'secrets', [
      [secrets, AWS_PRICES.secretMonth, parts.join(' + ') + sum],
    ]),
    cost('Secrets Manager', 'reads by services', [[reads, AWS_PRICES.secretCalls, readsText]]),
    ...(ofAdmin > 0 && keys.length > 0 ? [provisioningCost(keys)] : []),
    {
      ...cost('KMS', 'encryption key', [[1, AWS_PRICES.keyMonth]], {
        note: 'each of its first two yearly rotations adds as much',
      }),
      laterCents: cents(3 * AWS_PRICES.keyMonth.usd),
    },
    cost('KMS', 'decryption of what services read', [[reads, AWS_PRICES.keyCalls]]),
  ];
}

/** Each hour, whether a first rotation waits. */
function provisioningCost(keys: Keys): Cost {
  const text = `${countText(keys.length, 'key')} × ${HOURS} hours`;
  return cost('Secrets Manager', 'checks for keys to create', [
    [keys.length * HOURS, AWS_PRICES.secretCalls, text],
  ]);
}

function alarmCosts(resources: ResourceCounts): Cost[] {
  const alarms = resources['AWS::CloudWatch::Alarm'] ?? 0;
  const composites = resources['AWS::CloudWatch::CompositeAlarm'] ?? 0;
  return [
    cost('CloudWatch', 'alarms', [
      [alarms, AWS_PRICES.alarmMonth, countText(alarms, 'alarm')],
      [composites, AWS_PRICES.compositeAlarmMonth, countText(composites, 'composite alarm')],
    ]),
    cost('CloudWatch', 'dashboard', [[1, AWS_PRICES.dashboardMonth]]),
  ];
}

function metricCosts({ mistral, workspaces }: Policy, keys: Keys, audits: number): Cost[] {
  const budgets = workspaces.flatMap((one) => Object.values(one.budgets)).length;
  const ofAll = METRICS_OF_ALL[mistral.keySource];
  const measured = new Set(keys.map(({ workspace }) => workspace)).size;
  const values = ofAll + measured + FINDING_TYPES.length + WORST_FIRST.length;
  const valuesText = `${ofAll} of all + ${countText(measured, 'workspace')} + ${FINDING_TYPES.length} types + ${WORST_FIRST.length} severities = ${values}`;
  const budgetsText = `${countText(budgets, 'budget')} × spend and percent = ${numberText(2 * budgets)}`;
  return [
    cost('CloudWatch', 'metrics of spend', [[2 * budgets, AWS_PRICES.metricMonth, budgetsText]]),
    // Charged for the hours in which they are written.
    cost('CloudWatch', 'metrics of audits', [
      [
        (values * audits) / HOURS,
        AWS_PRICES.metricMonth,
        `${valuesText} × ${tenths(audits)} of ${HOURS} hours`,
      ],
    ]),
    cost('CloudWatch', 'logs', [
      [LOG_GIGABYTES, AWS_PRICES.logGigabytes, `less than ${LOG_GIGABYTES} GB`],
    ]),
  ];
}

function runCosts({ workspaces }: Policy, keys: Keys, audits: number): Cost[] {
  const { times: checks } = SPEND_CHECK;
  const work =
    audits * AUDIT.seconds * AUDIT.gigabytes + checks * SPEND_CHECK.seconds * SPEND_CHECK.gigabytes;
  const workText = `${tenths(audits)} × ${AUDIT.seconds} s × ${AUDIT.gigabytes} GB + ${numberText(checks)} × ${SPEND_CHECK.seconds} s × ${SPEND_CHECK.gigabytes} GB = ${tenths(work)} GB-s`;
  const rotations = keys.reduce((sum, { key }) => sum + DAYS / key.rotateEveryDays, 0);
  const refreshes = keys
    .filter(({ key }) => key.refresh.some(({ eventOnly }) => !eventOnly))
    .reduce((sum, { key }) => sum + DAYS / key.rotateEveryDays, 0);
  const transitions = rotations * TRANSITIONS_OF_A_ROTATION + refreshes * TRANSITIONS_OF_A_REFRESH;
  const refreshesText =
    refreshes > 0 ? ` + ${tenths(refreshes)} refreshes × ${TRANSITIONS_OF_A_REFRESH}` : '';
  const transitionsText = `${tenths(rotations)} rotations × ${TRANSITIONS_OF_A_ROTATION} transitions${refreshesText}`;
  const counters = workspaces.flatMap((one) => ['lent', ...Object.values(one.budgets)]).length;
  return [
    cost('Lambda', 'audits, spend checks every 15 minutes', [
      [work, AWS_PRICES.lambdaGigabyteSeconds, workText],
    ]),
    cost(
      'Step Functions, DynamoDB, SNS, EventBridge',
      'rotations, counters, mails, schedules, events',
      [
        [transitions, AWS_PRICES.stateTransitions, transitionsText],
        [
          checks * counters,
          AWS_PRICES.tableReads,
          `${numberText(checks)} × ${numberText(counters)} reads`,
        ],
        [MAILS, AWS_PRICES.mails, `${MAILS} mails`],
        [audits + checks, AWS_PRICES.schedules],
        [EVENTS, AWS_PRICES.events, `${numberText(EVENTS)} events`],
      ],
    ),
  ];
}

function evidenceCost({ audit }: Policy, audits: number): Cost {
  const kept = audit.evidenceRetentionDays * AUDIT.storedGigabytes;
  const price = AWS_PRICES.bucketGigabytes.usd;
  return {
    ...cost(
      'S3',
      'audit reports',
      [[audits * AUDIT.files, AWS_PRICES.bucketWrites, `${tenths(audits)} × ${AUDIT.files} files`]],
      { note: `in the end ${tenths(kept)} GB × ${usdText(price)}` },
    ),
    laterCents: cents(kept * price),
  };
}

/** In a month. */
function auditsOf(expression: string): number {
  const schedule = parseSchedule(expression);
  return 'kind' in schedule ? runsAYear(schedule) / 12 : 0;
}
