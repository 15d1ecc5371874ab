import { until } from '../waiting.js';
import { callerOf, ownWorkspace } from './account.js';
import { CALLER_HEADER, HELD, MAX_BODY_BYTES, type SdkServer } from './server.js';
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

interface Refused {
  readonly role: 'analyst' | 'daily' | 'month';
  readonly changes: Partial<SdkTask>;
  /** Absent for what is refused only once a first request has used up the quota. */
  readonly status?: number;
}

/** What is refused for good, or for longer than a client may wait; by code. */
const FINAL: Readonly<Record<string, Refused>> = {
  model_not_allowed: { role: 'analyst', changes: { model: LARGE }, status: 403 },
  max_tokens_exceeded: { role: 'analyst', changes: { maxTokens: 501 }, status: 403 },
  endpoint_not_allowed: { role: 'analyst', changes: { url: '/nowhere' }, status: 404 },
  body_too_large: { role: 'analyst', changes: { prompt: 'a'.repeat(MAX_BODY_BYTES) }, status: 413 },
  unsupported_encoding: {
    role: 'analyst',
    changes: { headers: { 'content-encoding': 'zstd' } },
    status: 415,
  },
  tokens_exhausted: { role: 'daily', changes: { maxTokens: 1200 } },
  budget_exhausted: { role: 'month', changes: { model: LARGE, maxTokens: 4000 } },
};
type Brief = 'minute' | 'keyless' | 'flight';

/** Of a refusal that passes: that of LangChain never retries, that of AI not what takes a minute. */
function retries(client: SdkClient, what: Brief): boolean {
  return client !== 'pypi langchain' && !(client === 'npm ai-sdk' && what === 'minute');
}

/** What is refused in a way that a client waits or hammers for. */
export async function checkRefusals(run: Run, server: SdkServer): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  const check = (holds: boolean | undefined, expected: string, given: object) => {
    if (!holds) faults.push({ expected, ...given });
  };

  async function final(client: SdkClient, code: string, refused: Refused): Promise<void> {
    const { role, changes, status } = refused;
    const as = role === 'month' ? ownWorkspace(client, 'month') : role;
    // The quota of a caller is that of its session.
    const session = status === undefined ? callerOf(as, client.replace(' ', '-')) : undefined;
    const headers = { ...changes.headers, ...(session && { [CALLER_HEADER]: session }) };
    const task = { ...changes, url: server.url + (changes.url ?? ''), headers };
    if (session) {
      const first = await run(client, 'chat', as, task);
      check(first.kind === 'answered', `${code}: an answer while there is room`, first);
    }
    const before = server.seenFrom(session ?? '').length;
    const outcome = await run(client, 'chat', as, task);
    const seen = server.seenFrom(session ?? outcome.caller).slice(before);
    const requests = seen.length;
    const retryAfter = seen.at(-1)?.headers['retry-after'];
    const given = { client, code, requests, retryAfter, ...outcome };
    check(outcome.kind === 'refused', 'a refusal', given);
    check(requests <= MOST_REQUESTS, `at most ${MOST_REQUESTS} requests`, given);
    check(outcome.seconds <= LONGEST_SLEEP_SECONDS, 'no long sleep', given);
    if (status !== undefined) {
      check(seen.at(-1)?.status === status, `status ${status}`, given);
    } else {
      const { resets_at: resetsAt, message, code: said } = seen.at(-1)?.body ?? {};
      const isNamed =
        /\d{4}-\d\d-\d\d/.test(message ?? '') && !Number.isNaN(Date.parse(`${resetsAt}`));
      check(isNamed && said === code, 'code, resets_at and message', { ...given, resetsAt });
      check(retryAfter === undefined, 'no Retry-After', given);
    }
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
    const refusals = seen.filter(({ status }) => status >= 400);
    const statuses = seen.map(({ status }) => status);
    const given = { client, what, statuses, ...outcome };
    check(refusals.length > 0, 'a refusal at first', given);
    check(seen.length <= MOST_REQUESTS, `at most ${MOST_REQUESTS} requests`, given);
    check(outcome.seconds <= LONGEST_SLEEP_SECONDS * 1.5, 'no long sleep', given);
    if (retries(client, what)) check(outcome.kind === 'answered', 'an answer at last', given);
    for (const { headers, body } of refusals) {
      const after = Number(headers['retry-after']);
      const isShort = after >= 1 && after <= LONGEST_SLEEP_SECONDS;
      check(isShort, 'a short Retry-After', { ...given, after, message: body?.message });
    }
  }

  /** Refused while a request that Mistral has not answered yet holds most of the budget. */
  async function whileInFlight(client: SdkClient): Promise<void> {
    const workspace = ownWorkspace(client, 'flight');
    const held = holdRequest(server, workspace);
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

  await Promise.all(
    CLIENTS.flatMap((client) => [
      ...Object.entries(FINAL).map(([code, refused]) => final(client, code, refused)),
      brief(client, 'keyless', {}, () => server.storeKey(ownWorkspace(client, 'keyless'))),
      whileInFlight(client),
      beyondTheMinute(client),
    ]),
  );
  return faults;
}

/** A request that reserves most of a tiny budget until the stand-in is told to answer. */
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
