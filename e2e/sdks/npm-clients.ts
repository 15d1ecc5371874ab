import { APICallError, RetryError } from 'ai';
import { AI_SDK } from './npm-ai-sdk.js';
import type { Calls } from './npm-calls.js';
import { MISTRAL } from './npm-mistralai.js';
import { OBJECTS } from './npm-objects.js';
import { OPENAI } from './npm-openai.js';
import {
  NPM_CLIENTS,
  type NpmClient,
  type SdkClient,
  type SdkOutcome,
  type SdkTask,
} from './tasks.js';

const CALLS_OF: Readonly<Record<NpmClient, Calls>> = {
  'npm mistralai': { ...MISTRAL, ...OBJECTS },
  'npm openai': OPENAI,
  'npm ai-sdk': AI_SDK,
};

export function isNpmClient(client: SdkClient): client is NpmClient {
  return NPM_CLIENTS.some((one) => one === client);
}

/** Runs a task with a client of npm. */
export async function runNpmTask(
  task: SdkTask & { readonly client: NpmClient },
): Promise<SdkOutcome> {
  try {
    const call = CALLS_OF[task.client][task.call];
    if (!call) throw new Error(`${task.client} has no ${task.call}`);
    return { kind: 'answered', ...(await call(task)) };
  } catch (thrown) {
    const error = RetryError.isInstance(thrown) ? thrown.lastError : thrown;
    return { kind: 'refused', status: statusOf(error), said: saidBy(error) };
  }
}

function statusOf(error: unknown): number | null {
  const { status, statusCode } = error as { status?: number; statusCode?: number };
  return status ?? statusCode ?? null;
}

function saidBy(error: unknown): string {
  const { body } = error as { body?: unknown };
  const more = APICallError.isInstance(error) ? error.responseBody : JSON.stringify(error);
  return `${error} ${typeof body === 'string' ? body : ''} ${more}`;
}
