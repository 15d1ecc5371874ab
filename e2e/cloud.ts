import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Response } from 'undici';
import { Sha256 } from '../client/sha256.js';
import { command } from './commands.js';
import { type Emulator, REGION, ROOT } from './emulator.js';

/** The account in the emulator, through AWS's own SDK and CLI. */
export interface Cloud {
  readonly dynamo: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly stepFunctions: SFNClient;
  /** The answer of an `aws` command. */
  aws(...args: string[]): Promise<unknown>;
  /** The answer of SQS, for what is asked too often to start a process each time. */
  sqs(action: string, input: object): Promise<unknown>;
  /** Invokes a function as AWS's services do. @throws FunctionError if it failed */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  close(): void;
}

export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

export function openCloud({ url, env, ca, fetch }: Emulator): Cloud {
  const options = {
    endpoint: url,
    region: REGION,
    credentials: ROOT,
    requestHandler: { httpsAgent: { ca } },
  };
  const dynamo = new DynamoDBClient(options);
  const secretsManager = new SecretsManagerClient(options);
  const stepFunctions = new SFNClient(options);

  async function post(
    service: string,
    path: string,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const signer = new SignatureV4({
      ...{ service, region: REGION, credentials: ROOT, sha256: Sha256 },
    });
    const { hostname, host } = new URL(url);
    const signed = await signer.sign({
      ...{ method: 'POST', protocol: 'https:', hostname, path, body },
      headers: { host, ...headers },
    });
    return fetch(path, { method: 'POST', headers: signed.headers, body });
  }

  return {
    dynamo,
    secretsManager,
    stepFunctions,

    async aws(...args) {
      const { stdout } = await command('aws', ['--output', 'json', ...args], env);
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    },

    async sqs(action, input) {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
      };
      const answer = await post('sqs', '/', JSON.stringify(input), headers);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text.slice(0, 500)}`);
      return text === '' ? undefined : JSON.parse(text);
    },

    async invoke(functionName, event) {
      const path = `/2015-03-31/functions/${functionName}/invocations`;
      const answer = await post('lambda', path, JSON.stringify(event));
      const text = await answer.text();
      if (!answer.ok || answer.headers.has('x-amz-function-error')) {
        throw new FunctionError(`${functionName}: ${answer.status} ${text.slice(0, 500)}`);
      }
      return text === '' ? undefined : JSON.parse(text);
    },

    close() {
      for (const client of [dynamo, secretsManager, stepFunctions]) client.destroy();
    },
  };
}
