import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesizeDefinition } from '../../testing/definition.js';
import { startLocalDynamo } from '../../testing/dynamo.js';
import { AwsError, awsError, operationOf } from '../../testing/fakes/aws-json.js';
import {
  type HttpAnswer,
  type HttpCall,
  jsonAnswer,
  serveHttp,
} from '../../testing/fakes/http-server.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { type CliRun, localAwsEnv, runCli } from './run-cli.js';

const DAY_MS = 86_400_000;
/** Half a day more, so that no age changes while a test runs. */
const DEPLOYED_DAYS_AGO = 40.5;
/** What a rotation may take until the next look at it. */
const STEP_MS = 5 * 60_000;

const OUTPUTS = {
  AuditFunctionName: 'audit',
  SpendMonitorFunctionName: 'spend-monitor',
};

/** This product as it was deployed some weeks ago, for commands that are started as a user starts them. */
export interface DeployedWorld {
  readonly world: World;
  readonly policyPath: string;
  /** Operations for which credentials have expired. */
  readonly expiredFor: Set<string>;
  cli(...args: readonly string[]): Promise<CliRun>;
  close(): Promise<void>;
}

export async function deployWorld(): Promise<DeployedWorld> {
  const dynamo = await startLocalDynamo();
  await Promise.all([dynamo.createTable('records'), dynamo.createTable('quotas')]);
  const policy = aPolicy();
  const world = await createWorld({
    policy,
    definition: synthesizeDefinition(policy),
    dynamo,
    tableName: 'records',
    quotaTableName: 'quotas',
    start: new Date(Date.now() - DEPLOYED_DAYS_AGO * DAY_MS),
    youngSeconds: 0,
    log: silentLog,
  });
  await world.provision();
  await world.clock.playUntil(new Date());
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

  return {
    world,
    policyPath,
    expiredFor,
    cli: (...args) => runCli([...args, '--policy', policyPath], { env: localAwsEnv(aws.url) }),

    async close() {
      rmSync(folder, { recursive: true });
      await aws.close();
      await world.close();
      await dynamo.close();
    },
  };
}

/** What the world itself has no place for: the stack's outputs, and functions that are invoked. */
async function answer(world: World, call: HttpCall): Promise<HttpAnswer> {
  const [, name] = /\/functions\/([^/]+)\/invocations$/.exec(call.url.pathname) ?? [];
  if (name !== undefined) return invoke(world, name);
  if (new URLSearchParams(call.body).get('Action') === 'DescribeStacks')
    return describe(world, call);

  await world.clock.playUntil(new Date(world.clock.now().getTime() + STEP_MS));
  const { method, headers, body } = call;
  const passed = Object.entries(headers).flatMap(([header, value]) =>
    /^(host|connection|content-length)$/.test(header) || value === undefined
      ? []
      : [[header, value] as const],
  );
  const response = await fetch(world.url + call.url.pathname + call.url.search, {
    method,
    headers: Object.fromEntries(passed),
    ...(body === '' ? {} : { body }),
  });
  const answerHeaders = ['content-type', 'x-amzn-errortype'].flatMap((header) => {
    const value = response.headers.get(header);
    return value === null ? [] : [[header, value] as const];
  });
  return {
    status: response.status,
    headers: Object.fromEntries(answerHeaders),
    body: await response.text(),
  };
}

async function invoke(world: World, name: string): Promise<HttpAnswer> {
  try {
    return jsonAnswer(200, name === 'audit' ? await world.audit() : await world.monitorSpend());
  } catch (error) {
    const { name: errorType, message } = error as Error;
    return {
      ...jsonAnswer(200, { errorType, errorMessage: message }),
      headers: { 'x-amz-function-error': 'Unhandled' },
    };
  }
}

function describe(world: World, call: HttpCall): HttpAnswer {
  const stack = new URLSearchParams(call.body).get('StackName');
  if (stack !== 'MistralGovernance') {
    const message = `Stack with id ${stack} does not exist`;
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status: 400, headers: { 'content-type': 'text/xml' }, body };
  }
  const outputs = Object.entries({
    ...OUTPUTS,
    RetirementStateMachineArn: world.executions.stateMachineArn,
  })
    .map(
      ([key, value]) =>
        `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('');
  const body = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${stack}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime><Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}
