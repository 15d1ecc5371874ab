import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import { awsClientOptions } from './aws.js';
import type { CommonOptions } from './cli.js';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';

/** As long as Lambda lets a function run. */
const LONGEST_RUN_MS = 15 * 60_000;

/** The functions of the deployed stack, for whoever waits for their answer. */
export interface DeployedFunctions {
  /** @throws CommandFailure where the function ended in an error, or answered something else */
  invoke<Result>(functionName: string, answer: z.ZodType<Result>, event?: unknown): Promise<Result>;
}

export function createDeployedFunctions(options: CommonOptions): DeployedFunctions {
  const client = new LambdaClient({
    ...awsClientOptions(options),
    maxAttempts: 1, // what was cut off may still be running
    requestHandler: { connectionTimeout: 5000, requestTimeout: LONGEST_RUN_MS },
  });
  return {
    async invoke(functionName, answer, event = {}) {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      const payload: unknown = JSON.parse(Payload?.transformToString() || 'null');
      if (FunctionError) throw failed(functionName, payload);
      const parsed = answer.safeParse(payload);
      if (parsed.success) return parsed.data;
      throw new CommandFailure(
        'unexpected_answer',
        EXIT.no,
        `function ${functionName} answered something else than this version of the command line expects: deploy and command line are of different versions`,
      );
    },
  };
}

function failed(functionName: string, payload: unknown): CommandFailure {
  const { errorType = 'Error', errorMessage = 'no message' } = (payload ?? {}) as {
    errorType?: string;
    errorMessage?: string;
  };
  return new CommandFailure(
    'function_failed',
    EXIT.no,
    `function ${functionName} failed: ${errorType}: ${errorMessage}; its log says more`,
  );
}
