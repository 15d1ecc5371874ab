import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  accountsOf,
  callerAccountsProblem,
  regionProblem,
} from '../../governance/policy/deploy-checks.js';
import { place, sourceOf } from '../../governance/policy/load-policy.js';
import { GATEWAY_KEY_NAME } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { problemLine } from '../../governance/policy/policy-problem.js';
import type { GatewayEnv } from '../../lambdas/gateway/wiring.js';
import { SECRET_ACTIONS, type SecretAccess } from '../keys/secret-access.js';
import type { AlertTopic } from '../operations/alert-topic.js';
import { governanceMetric } from '../operations/governance-metric.js';
import { PER_FIVE_MINUTES } from '../operations/runbook-alarm.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import type { ObjectsTable } from './objects-table.js';
import type { QuotaTable } from './quota-table.js';

export interface GatewayProps extends Pick<SystemParts, 'policy' | 'alertTopic' | 'encryptionKey'> {
  /** Who may call. */
  readonly rules: Pick<Policy, 'callers' | 'gateway'>;
  readonly quotaTable: QuotaTable;
  readonly objectsTable: ObjectsTable;
}

/** Mistral's API for callers without a key: a function URL that identifies them by IAM. */
export class Gateway extends Construct {
  readonly function: GovernanceFunction;

  /** `https://…/`, the `serverURL` of callers. */
  readonly url: string;

  /** To the gateway's own keys only. */
  readonly access: SecretAccess;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);

    checkPlace(this, props.rules);
    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'gateway',
      description: "Mistral's API for callers without a key",
      policy: props.policy,
      environment: {
        ...props.alertTopic.variables,
        QUOTA_TABLE_NAME: props.quotaTable.tableName,
        OBJECTS_TABLE_NAME: props.objectsTable.tableName,
      } satisfies GatewayEnv,
      timeout: Duration.minutes(15), // a long answer streams for as long as it takes
      memoryMib: 512,
    });
    props.alertTopic.grantPublish(this.function);
    props.quotaTable.grantMeter(this.function);
    props.objectsTable.grantOwn(this.function);
    props.encryptionKey.grantDecrypt(this.function);
    this.access = {
      role: this.function.executionRole,
      actions: SECRET_ACTIONS.read,
      keyName: GATEWAY_KEY_NAME,
    };

    this.url = this.function.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    }).url;
    const { callers, gateway } = props.rules;
    if (gateway.organizationId === undefined) {
      const accounts = accountsOf(callers.map(({ principal }) => principal));
      for (const account of accounts) {
        if (account !== '*') this.allowAccount(account);
      }
    } else {
      this.allow('Organization', { principal: '*', principalOrgId: gateway.organizationId });
    }
    this.watch(props.alertTopic);
  }

  /** Lets an account decide which of its principals may call, unless its whole organization may. */
  allowAccount(account: string): void {
    const isAllowed = ['UrlOrganization', `Url${account}`].some((id) => this.node.tryFindChild(id));
    if (!isAllowed) this.allow(account, { principal: account });
  }

  /** Only through its URL: a principal that invokes the function itself can claim any identity. */
  grantCall(grantee: IGrantable): void {
    const url = { grantee, resourceArns: [this.function.functionArn] };
    Grant.addToPrincipal({ ...url, actions: ['lambda:InvokeFunctionUrl'] }).assertSuccess();
    Grant.addToPrincipal({
      ...url,
      actions: ['lambda:InvokeFunction'],
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    });
  }

  /** Lets accounts decide which of their principals may call; the policy decides what these may do. */
  private allow(
    name: string,
    who: Pick<lambda.CfnPermissionProps, 'principal' | 'principalOrgId'>,
  ): void {
    const permission = { functionName: this.function.functionArn, ...who };
    new lambda.CfnPermission(this, `Url${name}`, {
      ...permission,
      action: 'lambda:InvokeFunctionUrl',
      functionUrlAuthType: lambda.FunctionUrlAuthType.AWS_IAM,
    });
    // Function URLs created since October 2025 need this permission too.
    new lambda.CfnPermission(this, `Function${name}`, {
      ...permission,
      action: 'lambda:InvokeFunction',
      invokedViaFunctionUrl: true,
    });
  }

  private watch(alertTopic: AlertTopic): void {
    alertTopic.alarm(this, 'Failing', {
      alarmName: 'governance-gateway-failing',
      description: 'The gateway has answered requests with server errors for 10 minutes',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Url5xxCount',
        dimensionsMap: { FunctionName: this.function.functionName },
        ...PER_FIVE_MINUTES,
      }),
      evaluationPeriods: 2,
    });
    alertTopic.alarm(this, 'Throttled', {
      alarmName: 'governance-gateway-throttled',
      description: 'The gateway function has been throttled for 5 minutes',
      metric: this.function.metricThrottles(PER_FIVE_MINUTES),
    });
    alertTopic.alarm(this, 'Unauthorized', {
      alarmName: 'governance-gateway-unauthorized',
      description:
        "Mistral rejects the gateway's key of a workspace (401), also after reading the secret again",
      metric: governanceMetric('Latency', 'outcome', 'upstream_unauthorized', {
        ...PER_FIVE_MINUTES,
        statistic: cloudwatch.Stats.SAMPLE_COUNT,
      }),
    });
  }
}

/** What the policy cannot have in this region, or in a stack of this name. */
function checkPlace(scope: Construct, rules: GatewayProps['rules']): void {
  const { region, stackName } = Stack.of(scope);
  const problem = callerAccountsProblem(rules, stackName) ?? regionProblem(rules, region);
  if (problem === undefined) return;
  const source = sourceOf(rules);
  const text = problemLine(source?.name ?? 'policy', place(problem, source));
  throw new Error(`stack ${stackName}: ${text}`);
}
