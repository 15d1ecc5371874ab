import { randomBytes } from 'node:crypto';
import { type HttpAnswer, type HttpCall, serveHttp } from '../testing/fakes/http-server.js';
import { createFakeKeys } from '../testing/fakes/mistral-keys.js';
import {
  createFakeMistral,
  FAKE_MODELS,
  type FakeMistral,
} from '../testing/fakes/mistral-server.js';
import { type AnswerFaults, createAnswerFaults } from './answer-faults.js';

const DAY_MS = 86_400_000;

export interface RemoteMistral {
  readonly fake: FakeMistral;
  readonly url: string;
  readonly adminKey: string;
  readonly faults: AnswerFaults<HttpCall>;
  /** Called with the id of a key before Mistral deletes it. */
  beforeDeletion: (keyId: string) => Promise<void>;
  /** How many days ago it is at Mistral: a use reported there lies that far back. */
  daysBehind: number;
  /** What Mistral answers to this key, which counts as a use of it. */
  statusFor(apiKey: string): Promise<number>;
  /** Whether Mistral would accept this key; not a use. */
  accepts(apiKey: string): boolean;
  /** From now on, a key looks as if it had not been used for a while. */
  makeUnused(keyId: string): void;
  close(): Promise<void>;
}

interface NamedWorkspace {
  readonly id: string;
  readonly name: string;
}

/** The fake Mistral as a server, with the organization that the policy is about. */
export async function startMistral(workspaces: readonly NamedWorkspace[]): Promise<RemoteMistral> {
  const adminKey = randomBytes(24).toString('base64url');
  const now = () => new Date(Date.now() - remote.daysBehind * DAY_MS);
  const fake = createFakeMistral(
    createFakeKeys({ now }),
    {
      workspaces,
      requestsPerSecond: 100,
      monthlyLimitReached: false,
      monthlyLimitUsd: 5000,
      models: FAKE_MODELS,
    },
    adminKey,
    now,
  );
  const faults = createAnswerFaults<HttpCall>();
  const { url, close } = await serveHttp(async (call) => {
    const [, deleted] = DELETION.exec(`${call.method} ${call.url.pathname}`) ?? [];
    if (deleted) await remote.beforeDeletion(deleted);
    const answer = await fake.answer(call);
    return faults.loses(call) ? 'no answer' : forOfficialSdk(answer);
  });
  const remote: RemoteMistral = {
    fake,
    url,
    adminKey,
    faults,
    beforeDeletion: async () => {},
    daysBehind: 0,
    close,

    async statusFor(apiKey) {
      const answer = await fetch(`${url}/v1/models`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      await answer.arrayBuffer();
      return answer.status;
    },

    accepts(apiKey) {
      const key = fake.keys.made.find(({ plaintext }) => plaintext === apiKey);
      return key !== undefined && fake.keys.isAccepted(key.id);
    },

    makeUnused(keyId) {
      const key = fake.keys.made.find(({ id }) => id === keyId);
      if (key) key.lastUsedOn = null;
    },
  };
  return remote;
}

const DELETION = /^DELETE \/v1\/admin\/api-keys\/([^/]+)$/;

/** Mistral documents `usage: null` in early chunks, and its own SDK fails to read them. */
function forOfficialSdk(answer: HttpAnswer): HttpAnswer {
  if (answer.headers?.['content-type'] !== 'text/event-stream') return answer;
  return { ...answer, body: answer.body.replaceAll(',"usage":null', '') };
}
