import { randomBytes } from 'node:crypto';
import { DAY_MS } from '../governance/platform/utc-day.js';
import type { Policy } from '../governance/policy/policy.js';
import { type HttpAnswer, type HttpCall, serveHttp } from '../testing/fakes/http-server.js';
import { createFakeKeys } from '../testing/fakes/mistral-keys.js';
import { createFakeMistral, fakeOrganization } from '../testing/fakes/mistral-server.js';
import { createAnswerFaults } from './answer-faults.js';

export type RemoteMistral = Awaited<ReturnType<typeof startMistral>>;

/** The fake Mistral as a server, with the organization that the policy is about. */
export async function startMistral(workspaces: Policy['workspaces']) {
  const adminKey = randomBytes(24).toString('base64url');
  const clock = { daysBehind: 0 };
  const now = () => new Date(Date.now() - clock.daysBehind * DAY_MS);
  const keys = createFakeKeys({ now });
  const fake = createFakeMistral(keys, fakeOrganization(workspaces), adminKey, now);
  const faults = createAnswerFaults<HttpCall>();
  const hooks = { beforeDeletion: async (_keyId: string) => {} };
  const { url, close } = await serveHttp(async (call) => {
    const [, deleted] = DELETION.exec(`${call.method} ${call.url.pathname}`) ?? [];
    if (deleted) await hooks.beforeDeletion(deleted);
    if (call.url.pathname === CONSOLE) return { status: 200, body: createInConsole(call.url) };
    const answer = await fake.answer(call);
    return faults.loses(call) ? 'no answer' : forOfficialSdk(answer);
  });

  /** As a person does there, who sees the key this once. */
  function createInConsole({ searchParams }: URL): string {
    const workspace = workspaces.find(({ name }) => name === searchParams.get('workspace'));
    if (!workspace) throw new Error('?workspace= and &name= name the workspace and the key');
    const { id: workspaceId, ownerUserId: userId = CONSOLE_USER } = workspace;
    return keys.create({ name: searchParams.get('name'), workspaceId, userId }).plaintext;
  }

  return {
    fake,
    url,
    /** Answers with a new key of the `workspace` and the `name` in the query, as the console shows one. */
    consoleUrl: `${url}${CONSOLE}`,
    adminKey,
    faults,
    /** How many days ago it is at Mistral: a use reported there lies that far back. */
    clock,
    /** Called with the id of a key before Mistral deletes it. */
    hooks,
    close,

    /** What Mistral answers to this key, which counts as a use of it. */
    async statusFor(apiKey: string): Promise<number> {
      const headers = { authorization: `Bearer ${apiKey}` };
      const answer = await fetch(`${url}/v1/models`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    },

    /** Whether Mistral would accept this key; not a use. */
    accepts(apiKey: string): boolean {
      const key = keys.made.find(({ plaintext }) => plaintext === apiKey);
      return key !== undefined && keys.isAccepted(key.id);
    },

    /** From now on, a key looks as if it had not been used for a while. */
    makeUnused(keyId: string): void {
      const key = keys.made.find(({ id }) => id === keyId);
      if (key) key.lastUsedOn = null;
    },
  };
}

const CONSOLE = '/console/api-keys';
/** Owns what is created there, where the policy names no owner. */
const CONSOLE_USER = '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10';
const DELETION = /^DELETE \/v1\/admin\/api-keys\/([^/]+)$/;

/** Mistral documents `usage: null` in early chunks, and its own SDK fails to read them. */
export function forOfficialSdk(answer: HttpAnswer): HttpAnswer {
  if (answer.headers?.['content-type'] !== 'text/event-stream') return answer;
  return { ...answer, body: answer.body.replaceAll(',"usage":null', '') };
}
