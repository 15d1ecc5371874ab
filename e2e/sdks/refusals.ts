import { setTimeout } from 'node:timers/promises';
import { MINUTE_MS } from '../../governance/platform/utc-day.js';
import { CALLER_HEADER } from '../plain-server.js';
import { until } from '../waiting.js';
import { callerOf, MAX_BODY_BYTES, ownWorkspace } from './account.js';
import { HELD, refusedByMistral, type SdkServer, type Seen } from './server.js';
import {
  CLIENTS,
  type Fault,
  LARGE,
  LONGEST_SLEEP_SECONDS,
  MOST_REQUESTS,
  type Run,
  type SdkClient,
  type SdkTask,
} from './tasks.js';

const HOUR_SECONDS = 3600;

interface Final {
  readonly code: string;
  readonly status: number;
  readonly role: 'analyst' | 'daily' | 'month' | 'keyless' | 'rejected' | 'stranger';
  readonly changes: Partial<SdkTask>;
  /** Whether a first request is answered, which uses the quota up. */
  readonly once?: true;
  /** Whether it says when a retry can help. */
  readonly resets?: true;
}

/** What is refused for good, or for longer than a client may wait. */
const FINAL: readonly Final[] = [
  { code: 'unknown_caller', status: 403, role: 'stranger', changes: {} },
  { code: 'model_not_allowed', status: 403, role: 'analyst', changes: { model: LARGE } },
  { code: 'max_tokens_exceeded', status: 403, role: 'analyst', changes: { maxTokens: 501 } },
  { code: 'endpoint_not_allowed', status: 404, role: 'analyst', changes: { url: '/nowhere' } },
  {
    ...{ code: 'body_too_large', status: 413, role: 'analyst' },
    changes: { prompt: 'a'.repeat(MAX_BODY_BYTES) },
  },
  {
    ...{ code: 'unsupported_encoding', status: 415, role: 'analyst' },
    changes: { headers: { 'content-encoding': 'zstd' } },
  },
  // More than all of the day's tokens, of which none is used.
  { code: 'tokens_exhausted', status: 402, role: 'daily', changes: { maxTokens: 2000 } },
  {
    ...{ code: 'tokens_exhausted', status: 402, role: 'daily', once: true, resets: true },
    changes: { maxTokens: 1200 },
  },
  {
    ...{ code: 'budget_exhausted', status: 402, role: 'month', once: true, resets: true },
    changes: { model: LARGE, maxTokens: 4000 },
  },
  {
    ...{ code: 'rate_limited', status: 402, role: 'analyst', resets: true },
    changes: { prompt: refusedByMistral(429, HOUR_SECONDS, 'never-spared') },
  },
  { code: 'key_unavailable', status: 403, role: 'keyless', changes: {} },
  { code: 'upstream_unauthorized', status: 403, role: 'rejected', changes: {} },
];

/** What is refused for a moment. */
type Brief = 'minute' | 'flight' | 'limited' | 'failing';

/** How long a client slept before each of its other requests, or before it gave up. */
function sleepsOf(seen: readonly Seen[], endedAtMs: number): readonly number[] {
  return seen.map(({ answeredAtMs }, index) => {
    const sleptMs = (seen[index + 1]?.cameAtMs ?? endedAtMs) - answeredAtMs;
    return Math.round(sleptMs / 100) / 10;
  });
}

/** LangChain's and LiteLLM's never retry; AI's sleeps as long as it is asked to only where that is below a minute. */
function getsThrough(client: SdkClient, what: Brief, asked: number): boolean {
  if (client === 'npm ai-sdk' && what === 'minute') return asked < LONGEST_SLEEP_SECONDS;
  return client !== 'pypi langchain' && client !== 'pypi litellm';
}

/** What is refused in a way that a client waits or hammers for; and lines about what clients did. */
export async function checkRefusals(run: Run, server: SdkServer) {
  const faults: Fault[] = [];
  const check = (holds: boolean | undefined, expected: string, given: object) => {
    if (!holds) faults.push({ expected, ...given });
  };
  const done: { readonly client: SdkClient; readonly requests: number; readonly slept: number }[] =
    [];

  /** All requests of one call, which slept and came no more than is allowed. */
  function checkManners(
    client: SdkClient,
    what: string,
    seen: readonly Seen[],
    endedAtMs: number,
  ): object {
    const sleeps = sleepsOf(seen, endedAtMs);
    const asked = seen.map(({ headers }) => headers['retry-after'] ?? '');
    const statuses = seen.map(({ status }) => status);
    const given = { client, what, statuses, asked, sleeps };
    const slept = Math.max(0, ...sleeps);
    check(seen.length > 0, 'a request', given);
    check(seen.length <= MOST_REQUESTS, `at most ${MOST_REQUESTS} requests`, given);
    check(slept <= LONGEST_SLEEP_SECONDS + BUSY_SECONDS, 'no long sleep', given);
    done.push({ client, requests: seen.length, slept });
    return given;
  }

  async function final(client: SdkClient, refused: Final): Promise<void> {
    const { code, role, changes, status, once, resets } = refused;
    const as = role === 'month' ? ownWorkspace(client, 'month') : role;
    // The quota of a caller is that of its session.
    const session = once && callerOf(as, client.replace(' ', '-'));
    const headers = { ...changes.headers, ...(session && { [CALLER_HEADER]: session }) };
    const task = { ...changes, url: server.url + (changes.url ?? ''), headers };
    if (session) {
      const first = await run(client, 'chat', as, task);
      check(first.kind === 'answered', `${code}: an answer while there is room`, first);
    }
    const before = server.seenFrom(session ?? '').length;
    const outcome = await run(client, 'chat', as, task);
    const seen = server.seenFrom(session ?? outcome.caller).slice(before);
    const given = { ...checkManners(client, code, seen, outcome.endedAtMs), ...outcome };
    check(outcome.kind === 'refused', 'a refusal', given);
    check(seen.length === 1, 'no retry', given);
    const [{ status: answered, headers: sent, body } = {} as Partial<Seen>] = seen;
    check(answered === status && body?.code === code, `${status} ${code}`, { ...given, body });
    check(sent?.['retry-after'] === undefined, 'no Retry-After', given);
    const resetsAt = body?.resets_at;
    const isNamed =
      /\d{4}-\d\d-\d\d/.test(body?.message ?? '') &&
      Date.parse(`${resetsAt}`) > Date.now() + LONGEST_SLEEP_SECONDS * 1000;
    check(resets ? isNamed : resetsAt === undefined, 'resets_at where known', { ...given, body });
  }

  /** Refused for a moment: who retries gets through. */
  async function brief(
    client: SdkClient,
    what: Brief,
    changes: Partial<SdkTask> = {},
    onRefused = () => {},
  ): Promise<void> {
    const workspace = ownWorkspace(client, what);
    const stop = server.onAnswer(({ caller, status }) => {
      if (!caller.includes(`/${workspace}/`) || status < 400) return;
      stop();
      onRefused();
    });
    const outcome = await run(client, 'chat', workspace, changes);
    stop();
    const seen = server.seenFrom(outcome.caller);
    const given = { ...checkManners(client, what, seen, outcome.endedAtMs), ...outcome };
    const refusals = seen.filter(({ status }) => status >= 400);
    check(refusals.length > 0, 'a refusal at first', given);
    for (const { headers, body } of refusals) {
      const asked = Number(headers['retry-after']);
      const isShort = asked >= 1 && asked <= LONGEST_SLEEP_SECONDS;
      check(isShort, 'a short Retry-After', { ...given, message: body?.message });
    }
    const asked = Number(refusals.at(-1)?.headers['retry-after']);
    const gotThrough = outcome.kind === 'answered';
    check(gotThrough || !getsThrough(client, what, asked), 'an answer at last', given);
  }

  /** Refused while a request that Mistral has not answered yet holds most of the budget. */
  async function whileInFlight(client: SdkClient): Promise<void> {
    const workspace = ownWorkspace(client, 'flight');
    const held = holdRequest(server, workspace);
    held.catch(() => {}); // awaited at the end
    const isHeld = async () => server.isHeld(workspace);
    await until('a request in flight', isHeld, (holds) => holds, { pauseMs: 20 });
    const release = () => server.release(workspace);
    await brief(client, 'flight', { model: LARGE, maxTokens: 1000 }, release);
    release();
    await held;
  }

  async function beyondTheMinute(client: SdkClient): Promise<void> {
    const first = await run(client, 'chat', ownWorkspace(client, 'minute'));
    check(first.kind === 'answered', 'the first request of a minute', { client, ...first });
    await brief(client, 'minute');
  }

  /** Refused by Mistral, which asks for some seconds, or for an hour with a failure of its own. */
  async function byMistral(client: SdkClient, what: 'limited' | 'failing'): Promise<void> {
    const name = ownWorkspace(client, what);
    const prompt =
      what === 'limited'
        ? refusedByMistral(429, 5, name)
        : refusedByMistral(503, HOUR_SECONDS, name);
    await brief(client, what, { prompt }, () => server.stopRefusing(name));
  }

  await earlyInAMinute();
  await Promise.all(
    CLIENTS.flatMap((client) => [
      beyondTheMinute(client),
      ...FINAL.map((refused) => final(client, refused)),
      whileInFlight(client),
      byMistral(client, 'limited'),
      byMistral(client, 'failing'),
    ]),
  );
  const lines = CLIENTS.map((client) => {
    const own = done.filter((one) => one.client === client);
    const most = Math.max(...own.map(({ requests }) => requests));
    const longest = Math.max(...own.map(({ slept }) => slept));
    return `${client}: ${own.length} refusals, at most ${most} requests for one, slept ${longest} s at most`;
  });
  return { faults, lines };
}

/** By which a busy machine may make a sleep look longer. */
const BUSY_SECONDS = 5;
/** In which the first requests of a minute must not become those of the next one. */
const SAFE_MS = 20_000;

async function earlyInAMinute(): Promise<void> {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS);
  if (left < SAFE_MS) await setTimeout(left);
}

/** A request that reserves most of a tiny budget until the test releases it. */
async function holdRequest(server: SdkServer, workspace: string): Promise<string> {
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [CALLER_HEADER]: callerOf(workspace, 'holds') },
    body: JSON.stringify({
      ...{ model: LARGE, max_tokens: 6000 },
      messages: [{ role: 'user', content: HELD + workspace }],
    }),
  });
  return answer.text();
}
