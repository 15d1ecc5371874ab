import { randomBytes } from 'node:crypto';
import { type HttpAnswer, serveHttp } from '../local/fakes/http-server.js';
import { createFakeKeys } from '../local/fakes/mistral-keys.js';
import { createFakeMistral, FAKE_MODELS, type FakeMistral } from '../local/fakes/mistral-server.js';

const DAY_MS = 86_400_000;

export interface RemoteMistral {
  readonly fake: FakeMistral;
  readonly url: string;
  readonly adminKey: string;
  /** How many days ago it is at Mistral: a use told there lies that far back. */
  daysBehind: number;
  /** What Mistral answers to this key. */
  statusFor(apiKey: string): Promise<number>;
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
  const { url, close } = await serveHttp(async (call) => forOfficialSdk(await fake.answer(call)));
  const remote: RemoteMistral = {
    fake,
    url,
    adminKey,
    daysBehind: 0,
    close,

    async statusFor(apiKey) {
      const answer = await fetch(`${url}/v1/models`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      await answer.arrayBuffer();
      return answer.status;
    },
  };
  return remote;
}

/** Mistral documents `usage: null` in early chunks, and its own SDK refuses to read them. */
function forOfficialSdk(answer: HttpAnswer): HttpAnswer {
  if (answer.headers?.['content-type'] !== 'text/event-stream') return answer;
  return { ...answer, body: answer.body.replaceAll(',"usage":null', '') };
}
