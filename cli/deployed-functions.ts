import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';

const CALL_TIMEOUT_MS = 5 * 60_000;
/** As long as Lambda lets a function run. */
const LONGEST_RUN_MS = 15 * 60_000;

export type FunctionEnd =
  | { readonly kind: 'answered'; readonly payload: unknown }
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string };

/** The functions of the deployed stack, for whoever waits for their answer. */
export interface DeployedFunctions {
  /** Asks again where it is not known whether a call arrived: for functions that bear it. */
  call(functionName: string, event: unknown): Promise<FunctionEnd>;
  /** @throws CommandFailure where the function ended in an error, or answered something else */
  invoke<Result>(functionName: string, answer: z.ZodType<Result>): Promise<Result>;
}

const FailureSchema = z
  .object({
    errorType: z.string().default('Error'),
    errorMessage: z.string().default('no message'),
  })
  .catch({ errorType: 'Error', errorMessage: 'no message' });

export function createDeployedFunctions(settings: LambdaClientConfig): DeployedFunctions {
  const client = (requestTimeout: number, more: LambdaClientConfig = {}) =>
    new LambdaClient({
      ...settings,
      requestHandler: { connectionTimeout: 5000, requestTimeout },
      ...more,
    });
  const patient = client(CALL_TIMEOUT_MS);
  const single = client(LONGEST_RUN_MS, { maxAttempts: 1 }); // what was cut off may still be running

  return {
    call: (functionName, event) => callFunction(patient, functionName, event),

    async invoke(functionName, answer) {
      const end = await callFunction(single, functionName, {});
      if (end.kind === 'failed') {
        throw new CommandFailure(
          'function_failed',
          EXIT.no,
          `function ${functionName} failed: ${end.errorType}: ${end.errorMessage}; its log says more`,
        );
      }
      const parsed = answer.safeParse(end.payload);
      if (parsed.success) return parsed.data;
      throw new CommandFailure(
        'unexpected_answer',
        EXIT.no,
        `function ${functionName} answered something else than this version of the command line expects: deploy and command line are of different versions`,
      );
    },
  };
}

/** One call, as often as the client tries it. */
export async function callFunction(
  client: LambdaClient,
  functionName: string,
  event: unknown,
): Promise<FunctionEnd> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
  );
  const payload: unknown = JSON.parse(Payload?.transformToString() || 'null');
  return FunctionError
    ? { kind: 'failed', ...FailureSchema.parse(payload) }
    : { kind: 'answered', payload };
}
