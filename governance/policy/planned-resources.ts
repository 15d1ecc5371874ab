import { accountsOf } from './deploy-checks.js';
import { isExisting, plannedKeys } from './planned-keys.js';
import type { Policy } from './policy.js';

/** `AWS::KMS::Key` and the like, as CloudFormation calls them. */
export type ResourceCounts = Readonly<Record<`AWS::${string}` | `Custom::${string}`, number>>;

/** The functions of each mode, without the gateway's and the one that starts a function after a deploy. */
const FUNCTIONS = { 'admin-api': 9, operator: 6 } as const;

/** Of the functions of each mode, the one that a deploy starts has no alarms. */
const ALARMS_OF_FUNCTIONS = 3;
/** Three functions have alarms of their own instead of one that they share, and there are 13 on the whole. */
const ALARMS_BESIDE = 13 - 3;
const ALARMS_OF_GATEWAY = 4;

/**
 * What a deploy of a policy creates, counted without a synth; a test compares it with templates. `ephemeral` as of
 * the construct: such a stack empties its bucket when it is deleted.
 */
export function plannedResources(policy: Policy, { ephemeral = false } = {}): ResourceCounts {
  const { administrators, alerts, mistral } = policy;
  const keys = plannedKeys(policy);
  const ofAdminApi = mistral.keySource === 'admin-api' ? 1 : 0;
  const ofGateway = policy.gateway.enabled ? 1 : 0;
  const ofEmptying = ephemeral ? 1 : 0;
  const ofRefresh = policy.workspaces.some(({ keys }) =>
    keys.some(({ refresh }) => refresh.some(({ eventOnly }) => !eventOnly)),
  )
    ? 1
    : 0;
  const existing = keys.filter(isExisting).length;
  const ofExisting = existing > 0 ? 1 : 0; // the function that takes them over
  const own = FUNCTIONS[mistral.keySource] + ofGateway + ofExisting + ofRefresh;
  const subscribed = alerts.subscriptions.filter(({ protocol }) => protocol === 'lambda').length;
  const counts: ResourceCounts = {
    'AWS::CloudFormation::Stack': new Set(keys.map(({ workspace }) => workspace)).size,
    'AWS::CloudWatch::Alarm':
      (FUNCTIONS[mistral.keySource] - 1 + ofRefresh) * ALARMS_OF_FUNCTIONS +
      ALARMS_BESIDE +
      ofGateway * ALARMS_OF_GATEWAY,
    'AWS::CloudWatch::CompositeAlarm': 2,
    'AWS::CloudWatch::Dashboard': 1,
    'AWS::DynamoDB::Table': 3,
    'AWS::IAM::Policy': own + 4 + ofAdminApi, // the state machine's, the schedules', and what notify-on-call reads of the flow
    'AWS::IAM::Role': own + 4 + ofAdminApi + ofEmptying,
    'AWS::KMS::Key': 1,
    'AWS::Lambda::Function': own + 1 + ofEmptying,
    'AWS::Lambda::Permission': 2 * callerPairs(policy) + subscribed + ofAdminApi,
    'AWS::Lambda::Url': ofGateway,
    'AWS::Lambda::Version': 1,
    'AWS::Logs::LogGroup': own + 2 + ofEmptying,
    'AWS::S3::Bucket': 1,
    'AWS::S3::BucketPolicy': 1,
    'AWS::SNS::Subscription': alerts.subscriptions.length,
    'AWS::SNS::Topic': 1,
    'AWS::SNS::TopicPolicy': 1,
    'AWS::SQS::Queue': 3,
    'AWS::SQS::QueuePolicy': 3,
    'AWS::Scheduler::Schedule': 2 + ofAdminApi,
    'AWS::SecretsManager::ResourcePolicy':
      keys.length - existing + (administrators.length > 0 ? ofAdminApi : 0),
    'AWS::SecretsManager::RotationSchedule': ofAdminApi * keys.length,
    'AWS::SecretsManager::Secret': keys.length - existing,
    'AWS::StepFunctions::StateMachine': 1,
    'Custom::MistralSecret': existing,
    'Custom::S3AutoDeleteObjects': ofEmptying,
    'Custom::Trigger': 1,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** How often the gateway's function lets in an account, or the organization, each with a pair of permissions. */
function callerPairs({ gateway, callers }: Policy): number {
  if (!gateway.enabled) return 0;
  if (gateway.organizationId !== undefined) return 1;
  const accounts = accountsOf(callers.map(({ principal }) => principal));
  return accounts.filter((account) => account !== '*').length;
}
