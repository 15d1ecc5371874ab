import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalDynamo } from '../../testing/dynamo.js';
import { AwsError, answerAwsJson, awsError, operationOf } from '../../testing/fakes/aws-json.js';
import { type HttpAnswer, type HttpCall, serveHttp } from '../../testing/fakes/http-server.js';
import { answerInvoke, invokedName } from '../../testing/fakes/lambda-invoke.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { describeStacks } from './cli-world.js';
import { type CliOptions, type CliRun, localAwsEnv, runCli } from './run-cli.js';

const DEPLOYED = new Date('2026-10-15T02:00:00Z');
const TODAY = new Date('2026-11-24T10:00:00Z');

/** This product as it was deployed forty days ago, for the command line. */
export interface DeployedWorld {
  readonly world: World;
  /** Operations for which credentials have expired. */
  readonly expiredFor: Set<string>;
  /** The command line on the clock of the world: what it waits for happens meanwhile. */
  cli(args: readonly string[], options?: Pick<CliOptions, 'typed'>): Promise<CliRun>;
  close(): Promise<void>;
}

export async function deployWorld(): Promise<DeployedWorld> {
  const dynamo = await startLocalDynamo();
  await Promise.all([dynamo.createTable('records'), dynamo.createTable('quotas')]);
  const policy = aPolicy();
  const world = await createWorld({
    policy,
    definition: definitionFor(policy),
    dynamo,
    tableName: 'records',
    quotaTableName: 'quotas',
    start: DEPLOYED,
    youngSeconds: 0,
    log: silentLog,
  });
  await world.provision();
  await world.clock.playUntil(TODAY);
  const expiredFor = new Set<string>();
  const aws = await serveHttp(async (call) =>
    expiredFor.has(operationOf(call) ?? '')
      ? awsError(new AwsError('ExpiredTokenException', 'The security token has expired'))
      : answer(world, call),
  );

  const folder = mkdtempSync(join(tmpdir(), 'governance-cli-'));
  const policyPath = join(folder, 'governance.yaml');
  const { mistral, ...rest } = policy;
  const addresses = { apiUrl: world.url, adminUrl: `${world.url}/v1/admin` };
  writeFileSync(policyPath, JSON.stringify({ ...rest, mistral: { ...mistral, ...addresses } }));

  const { clock } = world;
  return {
    world,
    expiredFor,
    cli: (args, options) =>
      runCli([...args, '--policy', policyPath], {
        ...options,
        env: localAwsEnv(aws.url),
        now: clock.now,
        sleep: (milliseconds) => clock.playUntil(new Date(clock.now().getTime() + milliseconds)),
      }),

    async close() {
      rmSync(folder, { recursive: true });
      await aws.close();
      await world.close();
      await dynamo.close();
    },
  };
}

async function answer(world: World, call: HttpCall): Promise<HttpAnswer> {
  const { secrets, executions, audit, monitorSpend } = world;
  const functions: Record<string, () => Promise<unknown>> = { audit, spend: monitorSpend };
  const invoked = functions[invokedName(call) ?? ''];
  if (invoked) return answerInvoke(call, invoked);
  if (operationOf(call)) {
    return answerAwsJson(call, { ...secrets.operations, ...executions.operations });
  }
  return describeStacks(call, {
    AuditFunctionName: 'audit',
    SpendMonitorFunctionName: 'spend',
    RetirementStateMachineArn: executions.stateMachineArn,
  });
}
