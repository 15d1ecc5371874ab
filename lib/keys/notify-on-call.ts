import type { Construct } from 'constructs';
import type { NotifyOnCallEnv } from '../../lambdas/notify-on-call/wiring.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { RetirementFunctionsProps } from './retirement-functions.js';

/** The task that tells on-call, the same in every flow. */
export function notifyOnCall(
  scope: Construct,
  {
    policy,
    alertTopic,
    recordsTable,
  }: Pick<RetirementFunctionsProps, 'policy' | 'alertTopic' | 'recordsTable'>,
): GovernanceFunction {
  const tell = new GovernanceFunction(scope, 'Notify', {
    folder: 'notify-on-call',
    description: 'Tells on-call where a retirement stands, and writes it down',
    policy,
    environment: {
      ALERTS_TOPIC_ARN: alertTopic.topic.topicArn,
      RECORDS_TABLE_NAME: recordsTable.tableName,
    } satisfies NotifyOnCallEnv,
  });
  alertTopic.grantPublish(tell);
  recordsTable.grantJournal(tell);
  return tell;
}
