import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AwsOperation, answerAwsJson, operationOf } from '../../testing/fakes/aws-json.js';
import { type HttpAnswer, type HttpCall, serveHttp } from '../../testing/fakes/http-server.js';
import {
  answerInvoke,
  type InvokedFunction,
  invokedName,
} from '../../testing/fakes/lambda-invoke.js';
import { createFakeKeys } from '../../testing/fakes/mistral-keys.js';
import {
  createFakeMistral,
  FAKE_MODELS,
  type FakeMistral,
  type FakeWorkspace,
} from '../../testing/fakes/mistral-server.js';
import { isForS3, type ObjectStore } from '../../testing/fakes/object-store.js';
import { createSecretStore, type SecretStore } from '../../testing/fakes/secret-store.js';
import { policyDocument } from '../support/builders.js';
import { type CliOptions, type CliRun, localAwsEnv, NOW, runCli } from './run-cli.js';
import { type SpawnOptions, spawnCli } from './spawn-cli.js';

export const ADMIN_KEY = 'AdminKeyOfTheTestsAdminKeyOfTests';

export interface CliWorldOptions {
  /** @default those of the policy as shipped */
  readonly workspaces?: readonly FakeWorkspace[];
  /** Of the stack named MistralGovernance. @default there is no stack */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly change?: (policy: ReturnType<typeof policyDocument>) => void;
  /** @default none: no object is stored */
  readonly s3?: ObjectStore;
  /** Answers before anything else does. */
  readonly intercept?: (call: HttpCall) => HttpAnswer | 'broken' | 'no answer' | undefined;
  /** Functions that may be invoked, by name. */
  readonly functions?: (world: { url: string }) => Readonly<Record<string, InvokedFunction>>;
  /** More operations of AWS's JSON protocols. */
  readonly operations?: Readonly<Record<string, AwsOperation>>;
}

export interface CliWorld {
  readonly url: string;
  /** A policy that leads to this world's Mistral. */
  readonly policyPath: string;
  readonly mistral: FakeMistral;
  readonly secrets: SecretStore;
  /** Of every call that came, for example `POST /v1/admin/workspaces`. */
  readonly calls: string[];
  /** The command line on that policy, with credentials for this world's AWS. */
  run(args: readonly string[], options?: CliOptions): Promise<CliRun>;
  /** The same as a process of its own. */
  spawn(args: readonly string[], options?: SpawnOptions): Promise<CliRun>;
}

/** Mistral, Secrets Manager and CloudFormation on this machine, for the length of one test. */
export async function openCliWorld(options: CliWorldOptions = {}): Promise<CliWorld> {
  const now = () => NOW;
  const document = policyDocument();
  const mistral = createFakeMistral(
    createFakeKeys({ now }),
    {
      workspaces: options.workspaces ?? document.workspaces,
      requestsPerSecond: 10,
      monthlyLimitReached: false,
      monthlyLimitUsd: 5000,
      models: FAKE_MODELS,
    },
    ADMIN_KEY,
    now,
  );
  const secrets = createSecretStore(now, () => {});
  secrets.create('mistral/admin-api-key', { value: ADMIN_KEY });

  const calls: string[] = [];
  const server = await serveHttp(async (call) => {
    calls.push(nameOf(call));
    const answer = options.intercept?.(call);
    if (answer) return answer;
    if (options.s3 && isForS3(call)) return options.s3.answer(call);
    if (call.body.includes('Action=DescribeStacks')) return describeStacks(call, options.outputs);
    const invoked = options.functions?.({ url: server.url })[invokedName(call) ?? ''];
    if (invoked) return answerInvoke(call, invoked);
    if (operationOf(call)) {
      return answerAwsJson(call, { ...secrets.operations, ...options.operations });
    }
    return mistral.answer(call);
  });
  const folder = mkdtempSync(join(tmpdir(), 'cli-world-'));
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  Object.assign(document.mistral, {
    apiUrl: server.url,
    adminUrl: `${server.url}/v1/admin`,
  });
  options.change?.(document);
  const policyPath = join(folder, 'governance.yaml');
  const withAws = <Options extends Pick<CliOptions, 'env'>>(given: Options) => ({
    ...given,
    env: { ...localAwsEnv(server.url), ...given.env },
  });
  writeFileSync(policyPath, JSON.stringify(document)); // which is YAML too

  return {
    url: server.url,
    policyPath,
    mistral,
    secrets,
    calls,
    run: (args, options = {}) => runCli([...args, '--policy', policyPath], withAws(options)),
    spawn: (args, options = {}) => spawnCli([...args, '--policy', policyPath], withAws(options)),
  };
}

function nameOf(call: HttpCall): string {
  const action = /Action=(\w+)/.exec(call.body)?.[1];
  return operationOf(call) ?? action ?? `${call.method} ${call.url.pathname}`;
}

/** In the XML of CloudFormation's protocol. */
export function describeStacks(
  { body }: HttpCall,
  outputs: Readonly<Record<string, string>> | undefined,
): HttpAnswer {
  const name = new URLSearchParams(body).get('StackName') ?? '';
  const headers = { 'content-type': 'text/xml' };
  if (outputs === undefined || name !== 'MistralGovernance') {
    const message = `Stack with id ${name} does not exist`;
    const error = `<Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error>`;
    return { status: 400, headers, body: `<ErrorResponse>${error}</ErrorResponse>` };
  }
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stack = `<member><StackName>${name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs></member>`;
  const result = `<DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult>`;
  return {
    status: 200,
    headers,
    body: `<DescribeStacksResponse>${result}</DescribeStacksResponse>`,
  };
}
