import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SignatureV4 } from '@smithy/signature-v4';
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
  const signer = new SignatureV4({
    ...{ service: 'lambda', region: REGION, credentials: ROOT, sha256: Sha256 },
  });

  return {
    dynamo,
    secretsManager,
    stepFunctions,

    async aws(...args) {
      const { stdout } = await command('aws', ['--output', 'json', ...args], env);
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    },

    async invoke(functionName, event) {
      const path = `/2015-03-31/functions/${functionName}/invocations`;
      const body = JSON.stringify(event);
      const { headers } = await signer.sign({
        ...{ method: 'POST', protocol: 'https:', hostname: new URL(url).hostname, path, body },
        headers: { host: new URL(url).host },
      });
      const answer = await fetch(path, { method: 'POST', headers, body });
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
