import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeFunction, acknowledgeWildcard } from './acknowledge.js';
import { functionCode } from './function-code.js';
import type { PolicyBundle } from './policy-bundle.js';

export interface GovernanceFunctionProps {
  /** Folder under `lambdas/` whose `entry.ts` exports `handler`. */
  readonly folder: string;

  /** What the function is for, shown in the console. */
  readonly description: string;

  /**
   * What that folder's `wiring.ts` parses. Let it satisfy the type from there, and a missing variable
   * does not compile.
   *
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /** The policy to carry beside the code. */
  readonly policy: PolicyBundle;

  /** @default Duration.minutes(5) */
  readonly timeout?: Duration;

  /** @default 256 */
  readonly memoryMib?: number;
}

/** A Node function with this system's defaults: ARM, ESM bundle, traced, JSON logs kept one year. */
export class GovernanceFunction extends lambda.Function {
  /** Its folder under `lambdas/`, and its name for people. */
  readonly folder: string;

  /** What the function runs as. */
  readonly executionRole: iam.IRole;

  constructor(scope: Construct, id: string, props: GovernanceFunctionProps) {
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(scope, `${id}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    super(scope, id, {
      code: functionCode(props.folder, props.policy),
      handler: 'index.handler',
      description: props.description,
      environment: props.environment,
      timeout: props.timeout ?? Duration.minutes(5),
      memorySize: props.memoryMib ?? 256,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup,
      role,
    });
    this.folder = props.folder;
    this.executionRole = role;
    logGroup.grantWrite(role);
    acknowledgeWildcard(role, '*', 'X-Ray writes have no resource to name');
    acknowledgeFunction(this);
  }

  /** Callers invoke the function itself: a grant need not cover its versions and aliases. */
  override get resourceArnsForGrantInvoke(): string[] {
    return [this.functionArn];
  }
}
