import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  type LambdaClientConfig,
} from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { backoffMs } from '../governance/platform/backoff.js';
import { messageOf } from '../governance/platform/failures.js';
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
  /** The zip of a function's code. @throws CommandFailure where it cannot be downloaded */
  code(functionName: string): Promise<Uint8Array>;
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

    async code(functionName) {
      const { Code } = await retrying.send(new GetFunctionCommand({ FunctionName: functionName }));
      return downloadCode(retrying, functionName, Code?.Location ?? '');
    },

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

/** A bundle has one megabyte or two. */
const MOST_CODE_BYTES = 64 * 1024 * 1024;
const DOWNLOADS = 3;

/** From the signed address that Lambda gives, on the way that the client's own calls take. */
async function downloadCode(
  client: LambdaClient,
  functionName: string,
  location: string,
): Promise<Uint8Array> {
  const what = `the code of function ${functionName} could not be downloaded`;
  if (!URL.canParse(location)) {
    throw new CommandFailure('unexpected_answer', EXIT.no, `${what}: Lambda named no address`);
  }
  const { protocol, hostname, port, pathname, search } = new URL(location);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { response } = await client.config.requestHandler.handle({
        ...{ protocol, hostname, method: 'GET', path: pathname + search, query: {} },
        ...{ port: port === '' ? undefined : Number(port), headers: {}, fragment: undefined },
      } as HandledRequest);
      if (response.statusCode === 200) return await bytesOf(response.body);
      throw new Error(`the answer has status ${response.statusCode}`);
    } catch (error) {
      if (attempt >= DOWNLOADS) {
        const message = `${what}: ${messageOf(error)}`;
        throw new CommandFailure('aws_unreachable', EXIT.unreachable, message, { cause: error });
      }
      await sleep(backoffMs(attempt, Math.random));
    }
  }
}

type HandledRequest = Parameters<LambdaClient['config']['requestHandler']['handle']>[0];

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let left = MOST_CODE_BYTES;
  for await (const piece of body) {
    pieces.push(piece);
    left -= piece.length;
    if (left < 0) throw new Error('it is too long');
  }
  return Buffer.concat(pieces);
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
