import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import * as z from 'zod';
import { ApiKey } from '../../governance/mistral/api-key.js';
import {
  createMistralHttp,
  type MistralHttpOptions,
} from '../../governance/mistral/mistral-http.js';
import { PATIENCE_MS } from '../../testing/aws.js';
import { json, type Loopback, loopback } from './loopback.js';

export const PLAINTEXT = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const key = new ApiKey(PLAINTEXT);
export const get = {
  method: 'GET',
  path: '/things',
  query: { name: 'a b', none: undefined },
  answer: z.object({ things: z.array(z.object({ id: z.string() })) }),
} as const;
export const post = { ...get, method: 'POST', body: { name: 'new' } } as const;
export const remove = { ...get, method: 'DELETE' } as const;
export const good = { things: [{ id: '1' }] };

export type Request = typeof get | typeof post | typeof remove;
export type Answer = (response: ServerResponse) => void;

/** The answers in turn; the last one repeats. */
export function inTurn(...answers: Answer[]): Promise<Loopback> {
  return loopback((response, _request, count) =>
    answers[Math.min(count, answers.length) - 1]?.(response),
  );
}

export async function send(server: Loopback, request: Request, options: MistralHttpOptions = {}) {
  const slept: number[] = [];
  const http = createMistralHttp(`${server.url}/v1/`, {
    timeoutMs: PATIENCE_MS,
    random: () => 0.5,
    sleep: async (milliseconds) => slept.push(milliseconds),
    now: () => new Date('2026-11-24T10:00:00Z'),
    ...options,
  });
  const outcome = await http.send(request, { bearer: key, xApiKey: key }).catch((e: unknown) => e);
  if (outcome instanceof Error) expectNothingOfTheKey(outcome);
  return { outcome, slept };
}

/** Nor in its log output, including `cause`. */
function expectNothingOfTheKey(error: Error): void {
  const printed = inspect(error, { depth: 10, showHidden: true }).toLowerCase();
  for (let at = 0; at + 8 <= PLAINTEXT.length; at += 1) {
    expect(printed).not.toContain(PLAINTEXT.slice(at, at + 8).toLowerCase());
  }
}

export const ok: Answer = (response) => json(response, 200, good);
export const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    json(response, code, { object: 'error', message: 'no luck' }, headers);
export const text =
  (body: string, code = 200): Answer =>
  (response) =>
    response.writeHead(code).end(body);
export const hangUp: Answer = (response) => response.destroy();
export const hang: Answer = () => {};
export const hangMidBody: Answer = (response) => response.writeHead(200).write('{"things":[');
export const cutOff: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100' }).write('{"thi', () => response.destroy());
};
