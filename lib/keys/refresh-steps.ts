import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { RefreshVerdict } from '../../governance/keys/refresh.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Refresh } from '../../governance/policy/policy-refresh.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { PolicyBundle } from '../platform/policy-bundle.js';

/** Has the policy's consumers restart; `undefined` where it names none. */
export function refreshFunction(
  scope: Construct,
  policy: PolicyBundle,
): GovernanceFunction | undefined {
  const refreshes = refreshesOf(policy.content);
  if (refreshes.length === 0) return undefined;
  const fn = new GovernanceFunction(scope, 'Refresh', {
    folder: 'refresh-consumers',
    description: 'Starts services anew that read a key only then',
    policy,
  });
  for (const refresh of refreshes) grantRefresh(fn, refresh);
  return fn;
}

/** Of all keys, those that call something. */
function refreshesOf({ workspaces }: Pick<Policy, 'workspaces'>): Refresh[] {
  return workspaces
    .flatMap(({ keys }) => keys.flatMap(({ refresh }) => refresh))
    .filter(({ eventOnly }) => !eventOnly);
}

/** The one service or function, or the role that may refresh it in another account. */
function grantRefresh(grantee: GovernanceFunction, { ecs, lambda, assumeRole }: Refresh): void {
  const allow = (resource: string, ...actions: string[]) =>
    Grant.addToPrincipal({ grantee, actions, resourceArns: [resource] });
  const stack = Stack.of(grantee);
  if (assumeRole !== undefined) {
    allow(assumeRole, 'sts:AssumeRole');
  } else if (ecs) {
    const resourceName = `${ecs.cluster}/${ecs.service}`;
    const service = stack.formatArn({ service: 'ecs', resource: 'service', resourceName });
    allow(service, 'ecs:DescribeServices', 'ecs:UpdateService');
  } else if (lambda) {
    const arn = stack.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: lambda.function,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    allow(arn, 'lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionConfiguration');
  }
}

export interface RefreshSteps {
  readonly refresh: sfn.TaskStateBase;
  /** Notifies on-call of consumers that are not steady. */
  readonly notify: sfn.TaskStateBase;
  readonly afterwards: sfn.IChainable;
}

const isOf = (kind: RefreshVerdict['kind']) => sfn.Condition.stringEquals('$.refresh.kind', kind);

/** Refreshes, checks until all are steady or it is too late, and goes on to the retirement's own wait in any case. */
export function refreshStates(
  scope: Construct,
  { refresh, notify, afterwards }: RefreshSteps,
): sfn.Chain {
  const wait = new sfn.Wait(scope, 'Wait for consumers', {
    time: sfn.WaitTime.timestampPath('$.refresh.checkAt'),
  });
  const choice = new sfn.Choice(scope, 'Consumers refreshed?')
    .when(isOf('refreshing'), wait)
    .when(isOf('not-refreshed'), notify)
    .otherwise(afterwards);
  wait.next(refresh);
  notify.next(afterwards);
  return sfn.Chain.start(refresh).next(choice);
}
