import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { CommandFailure, EXIT } from './failure.js';

const CALL_TIMEOUT_MS = 5 * 60_000;
/** The longest that Lambda lets a function run. */
const MAX_RUN_MS = 15 * 60_000;

export type FunctionEnd =
  | { readonly kind: 'answered'; readonly payload: unknown }
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string };

/** Calls functions of the deployed stack and waits for their answers. */
export interface DeployedFunctions {
  /** Retries a call that may or may not have arrived: for functions that are safe to repeat. */
  call(functionName: string, event: unknown): Promise<FunctionEnd>;
  /** @throws CommandFailure where the function failed, or answered with other fields */
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
      requestHandler: { ...settings.requestHandler, connectionTimeout: 5000, requestTimeout },
      ...more,
    });
  const retrying = client(CALL_TIMEOUT_MS);
  const once = client(MAX_RUN_MS, { maxAttempts: 1 }); // after a timeout the run may continue

  return {
    call: (functionName, event) => callFunction(retrying, functionName, event),

    async invoke(functionName, answer) {
      const end = await callFunction(once, functionName, {});
      if (end.kind === 'failed') {
        throw new CommandFailure(
          'function_failed',
          EXIT.no,
          `function ${functionName} failed: ${end.errorType}: ${end.errorMessage}; see its log`,
        );
      }
      const parsed = answer.safeParse(end.payload);
      if (parsed.success) return parsed.data;
      throw new CommandFailure(
        'unexpected_answer',
        EXIT.no,
        `function ${functionName} gave an answer that this version of the command line does not know: deploy the version of the command line, or install the deployed one`,
      );
    },
  };
}

/** One call, with the retries of the client. */
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
