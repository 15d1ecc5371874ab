import * as z from 'zod';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';

/** An error with the name that an AWS service gives it. */
export class AwsError extends Error {
  override readonly name = 'AwsError';

  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export type AwsOperation = (input: unknown) => unknown;

/** The operation that a call of AWS's JSON protocols names, for example `RotateSecret`. */
export function operationOf(call: HttpCall): string | undefined {
  return call.headers['x-amz-target']?.split('.')[1];
}

/** Answers a call of AWS's JSON protocols. */
export async function answerAwsJson(
  call: HttpCall,
  operations: Readonly<Record<string, AwsOperation>>,
): Promise<HttpAnswer> {
  try {
    const operation = operations[operationOf(call) ?? ''];
    if (!operation) throw new AwsError('UnknownOperationException', 'not known here');
    return jsonAnswer(200, (await operation(JSON.parse(call.body || '{}'))) ?? {});
  } catch (error) {
    if (error instanceof AwsError) return awsError(error);
    if (error instanceof z.ZodError) {
      return awsError(new AwsError('ValidationException', z.prettifyError(error)));
    }
    throw error;
  }
}

export function awsError({ code, message, status }: AwsError): HttpAnswer {
  const body = JSON.stringify({ __type: code, message });
  return { status, headers: { 'x-amzn-errortype': code }, body };
}

/** Times are seconds in AWS's JSON protocols. */
export function seconds(at: Date | undefined): number | undefined {
  return at && at.getTime() / 1000;
}
