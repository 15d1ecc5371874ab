import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { answerOf } from './gateway-answer.js';
import type { SignedGateway } from './gateway-call.js';
import { targetOf } from './incoming.js';
import type { Refusal } from './refusal.js';

const ANSWER_MS = 15_000;

const QUOTA = { window: z.string(), shared: z.boolean(), resets_at: z.iso.datetime() };

const StandingSchema = z.object({
  caller: z.string(),
  role: z.string(),
  workspace: z.string(),
  max_tokens_per_request: z.number(),
  over_max_tokens: z.string(),
  /** Gateways before transcriptions do not say it. */
  audio_minutes_per_request: z.number().optional(),
  models: z.array(
    z.object({ id: z.string(), max_tokens: z.number(), endpoints: z.array(z.string()).optional() }),
  ),
  quotas: z.array(
    z.union([
      z.object({ ...QUOTA, unit: z.string(), limit: z.number(), left: z.number() }),
      z.object({ ...QUOTA, unit: z.literal('budget'), left_percent: z.number() }),
    ]),
  ),
});

/** What the gateway answers to `GET /v1/governance/me`. */
export type Standing = z.infer<typeof StandingSchema>;

/** Who the gateway says that the caller is, or why its requests will be refused. */
export async function askStanding(gateway: SignedGateway): Promise<Standing | Refusal> {
  const got = await answerOf(gateway, {
    method: 'GET',
    url: targetOf(gateway.url, '/v1/governance/me'),
    headers: { accept: 'application/json' },
    body: Buffer.alloc(0),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (got === undefined) return SILENT;
  if ('code' in got) return got;
  const body = got.error ?? (await buffer(got.answer).catch(() => undefined));
  if (body === undefined) return BROKEN;
  return standingIn(got.answer.statusCode ?? 0, body.toString());
}

const UNREADABLE = { status: 502, code: 'gateway_failed' };
const SILENT = {
  ...UNREADABLE,
  message: `the gateway did not answer within ${ANSWER_MS / 1000} s`,
};
const BROKEN = { ...UNREADABLE, message: "the gateway's answer broke off" };

function standingIn(status: number, text: string): Standing | Refusal {
  const answer = parseJson(text);
  const standing = StandingSchema.safeParse(answer);
  if (status === 200 && standing.success) return standing.data;
  if (!isObject(answer) || typeof answer.message !== 'string') {
    const message = `what answered is not the gateway (status ${status}): check its URL`;
    return { ...UNREADABLE, message };
  }
  const code = String(answer.code);
  return { status, code, message: answer.message + (HINTS[code] ?? '') };
}

const HINTS: Readonly<Record<string, string>> = {
  unknown_caller: "; add the role to the policy's callers and deploy",
  endpoint_not_allowed: '; the gateway is of an earlier version: deploy it again',
};
