import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';

export type InvokedFunction = (event: unknown) => Promise<unknown>;

const INVOCATION = /\/functions\/(?<name>[^/]+)\/invocations$/;

/** The function that a call of Lambda's Invoke names; `undefined` for any other call. */
export function invokedName({ url }: HttpCall): string | undefined {
  return INVOCATION.exec(url.pathname)?.groups?.name;
}

/** Answers as Lambda does: what a function throws is an answer too, marked by a header. */
export async function answerInvoke(
  { body }: HttpCall,
  invoked: InvokedFunction,
): Promise<HttpAnswer> {
  try {
    return jsonAnswer(200, (await invoked(JSON.parse(body || '{}'))) ?? null);
  } catch (error) {
    const { name: errorType, message: errorMessage } = error as Error;
    return {
      ...jsonAnswer(200, { errorType, errorMessage }),
      headers: { 'x-amz-function-error': 'Unhandled' },
    };
  }
}
