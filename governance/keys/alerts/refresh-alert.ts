import type { Alert, NextStep } from '../../alerts/alert.js';
import { shell, toSafeLine } from '../../platform/quoting.js';
import { listText } from '../../platform/wording.js';
import { type Consumer, consumerName, type Progress } from '../refresh.js';
import { isLeaked } from '../retirement.js';
import { type RetirementContext, retirementAlert } from './retirement-alert.js';

export interface NotRefreshedContext extends RetirementContext {
  /** `undefined` where the flow could not find out. */
  readonly refresh?: { readonly consumers: readonly Progress[] } | undefined;
}

/** Services that read the key only at start, and have not all restarted since it was replaced. */
export function notRefreshed(context: NotRefreshedContext): Alert {
  const { retirement, consumers = [], refresh } = context;
  const { secretName, oldKeyId } = retirement;
  const progress = new Map(refresh?.consumers.map((one) => [one.name, one]));
  const late = consumers.filter(
    (consumer) => progress.get(consumerName(consumer))?.kind !== 'steady',
  );
  const names = late.map(consumerName);
  const leaked = isLeaked(retirement);
  return retirementAlert(context, {
    type: 'refresh-failed',
    severity: leaked ? 'critical' : 'warning',
    title: `Services of ${secretName} not restarted with its new key`,
    description: [
      `${names.length > 0 ? listText(names) : 'At least one service'} did not become steady after a new start.`,
      leaked
        ? `Key ${oldKeyId} has leaked and is revoked now: what still runs with it gets 401 from Mistral.`
        : `What runs there may still use the replaced key ${oldKeyId}, which stays valid until it has been unused: no service is affected yet.`,
      'The retirement goes on, and does not try again.',
    ],
    facts: Object.fromEntries(
      late.map((consumer) => {
        const name = consumerName(consumer);
        const { kind, reason } = progress.get(name) ?? {};
        return [name, reason === undefined ? (kind ?? 'not known') : toSafeLine(reason)];
      }),
    ),
    nextSteps: late.flatMap(stepsFor),
  });
}

function stepsFor(consumer: Consumer): NextStep[] {
  const { assumeRole } = consumer;
  const name = consumerName(consumer);
  const as = assumeRole === undefined ? '' : `, with credentials of ${assumeRole}`;
  if ('ecs' in consumer) {
    const { cluster, service } = consumer.ecs;
    return [
      {
        say: `Find out what keeps ${name} from being steady${as}`,
        command: shell`aws ecs describe-services --cluster ${cluster} --services ${service} --query 'services[0].events[:5].message' --output text`,
      },
      {
        say: `When the cause is fixed, start it anew${as}`,
        command: shell`aws ecs update-service --cluster ${cluster} --service ${service} --force-new-deployment --query service.deployments[0].id`,
      },
    ];
  }
  return [
    {
      say: `Find out why ${name} was not updated${as}`,
      command: shell`aws lambda get-function-configuration --function-name ${consumer.lambda.function} --query '[LastUpdateStatus, LastUpdateStatusReason]' --output text`,
    },
  ];
}
