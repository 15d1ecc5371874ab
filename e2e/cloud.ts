import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SFN } from '@aws-sdk/client-sfn';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Response } from 'undici';
import { Sha256 } from '../governance/platform/request-signer.aws.js';
import { command } from './commands.js';
import { type Emulator, REGION, ROOT } from './emulator.js';

export type Cloud = ReturnType<typeof openCloud>;

export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Of an SDK client that calls with these credentials. */
export function clientOptions({ url, ca }: Emulator, credentials: Credentials = ROOT) {
  return { endpoint: url, region: REGION, credentials, requestHandler: { httpsAgent: { ca } } };
}

/** The account in the emulator, through AWS's own SDK and CLI. */
export function openCloud(emulator: Emulator) {
  const { url, env, fetch } = emulator;
  const options = clientOptions(emulator);
  const dynamo = new DynamoDB(options);
  const secretsManager = new SecretsManager(options);
  const stepFunctions = new SFN(options);

  async function post(
    service: string,
    path: string,
    input: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const { hostname, host } = new URL(url);
    const body = JSON.stringify(input);
    const signer = new SignatureV4({
      ...{ service, region: REGION, credentials: ROOT, sha256: Sha256 },
    });
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

    /** The answer of an `aws` command; the value of an option may be an object, for JSON. */
    async aws(
      name: string,
      given: Readonly<Record<string, string | object>> = {},
    ): Promise<unknown> {
      const args = Object.entries(given).flatMap(([option, value]) => [
        `--${option}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
      const { stdout } = await command(
        'aws',
        ['--output', 'json', ...name.split(' '), ...args],
        env,
      );
      return jsonOf(stdout);
    },

    /** The answer of SQS, for what is asked too often to start a process each time. */
    async sqs(action: string, input: object): Promise<unknown> {
      const answer = await post('sqs', '/', input, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text.slice(0, 500)}`);
      return jsonOf(text);
    },

    /** Invokes a function as AWS's services do. @throws FunctionError if it failed */
    async invoke(functionName: string, event: unknown): Promise<unknown> {
      const answer = await post(
        'lambda',
        `/2015-03-31/functions/${functionName}/invocations`,
        event,
      );
      const text = await answer.text();
      if (!answer.ok || answer.headers.has('x-amz-function-error')) {
        throw new FunctionError(`${functionName}: ${answer.status} ${text.slice(0, 500)}`);
      }
      return jsonOf(text);
    },

    close(): void {
      for (const client of [dynamo, secretsManager, stepFunctions]) client.destroy();
    },
  };
}

function jsonOf(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text);
}
