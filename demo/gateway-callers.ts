import type { Stage } from './stage.js';

const session = (role: string, name: string) =>
  `arn:aws:sts::111122223333:assumed-role/${role}/${name}`;
/** By IAM Identity Center, which names the session. */
const signedIn = (name: string) => session('AWSReservedSSO_Developer_8d2e1f0a9b7c6d5e', name);
const ANALYST = session('analyst', 'ada');
const ADMIN = session('platform-admin', 'lin');

const MINUTE_MS = 60_000;
const REQUESTS_A_MINUTE = 60;
/** Two hundred thousand tokens: two of them fit into one developer's day. */
const HEAVY = { max_tokens: 2000, n: 100 };
const HEAVY_REQUESTS_EACH = 2;
const REQUESTS_A_CHECK = 30;
const BATCH_REQUESTS = 16;

function chat(model: string, content = 'Say something.', more: object = {}) {
  return { model, messages: [{ role: 'user', content }], ...more };
}

/** The actions of the gateway's callers; the story decides when. */
export function createGatewayCallers({ world, ask, flush, checkSpend, announce }: Stage) {
  const { clock } = world;

  return {
    /** Each role sends a request that it may send. */
    async workday(): Promise<void> {
      await ask(ANALYST, chat('mistral-small-latest'));
      await ask(
        session('developer', 'max'),
        chat('codestral-latest', 'Sort this.', { stream: true }),
      );
      await ask(session('ml-engineer', 'eve'), chat('mistral-large-latest', 'x'.repeat(4000)));
      await ask(ADMIN, { model: 'mistral-embed', input: ['one', 'two'] }, '/v1/embeddings');
      await checkSpend();
    },

    /** One request for each reason to reject one, except budgets. */
    async mistakes(): Promise<void> {
      announce('Callers send requests that the gateway rejects, one for each reason');
      await ask(session('intern', 'tim'), chat('mistral-small-latest'));
      await ask(ANALYST, chat('mistral-large-latest'));
      await ask(ANALYST, chat('mistral-small-latest', 'Hi.', { max_tokens: 5000 }));
      await ask(ANALYST, chat('mistral-small-latest', 'Hi.', { max_tokens: -1 }));
      await ask(ANALYST, chat('mistral-small-latest'), '/v1/agents/completions');
      const long = chat('mistral-small-latest', 'x'.repeat(60_000));
      while ((await ask(ANALYST, long)) !== 'tokens_exhausted') await flush();
      for (let count = 0; count < REQUESTS_A_MINUTE + 1; count += 1) {
        await ask(session('developer', 'bot'), chat('mistral-small-latest'));
      }
      await checkSpend();
    },

    /** Developers spend their workspace's monthly budget to the last request. */
    async busyDay(): Promise<void> {
      announce(
        'Developers request a hundred answers at once from codestral, request after request',
      );
      const heavy = chat('codestral-latest', 'Write a test.', HEAVY);
      let sent = 0;
      for (let code: string | undefined; code !== 'budget_exhausted'; ) {
        const developer = `dev-${Math.floor(sent / HEAVY_REQUESTS_EACH)}`;
        code = await ask(signedIn(developer), heavy);
        sent += 1;
        if (sent % REQUESTS_A_CHECK === 0) await checkSpend();
        if (sent % (REQUESTS_A_MINUTE - 1) === 0 || code === 'rate_limited') {
          await clock.sleep(MINUTE_MS);
        }
      }
      await checkSpend();
      announce(`The monthly budget allowed ${sent - 1} of these requests and rejected the next`);
    },

    /** A batch that, night after night, needs more than a month's budget allows. */
    async nightlyBatch(): Promise<void> {
      const heavy = chat('codestral-latest', 'Review this repository.', HEAVY);
      for (let sent = 0; sent < BATCH_REQUESTS; sent += 1) {
        await ask(signedIn(`batch-${Math.floor(sent / HEAVY_REQUESTS_EACH)}`), heavy);
      }
      await checkSpend();
    },

    /** Mistral throttles production. Returns whether its overflow workspace answers. */
    async throttledProduction(): Promise<boolean> {
      const production = world.policy.workspaces.find(({ name }) => name === 'prod-workspace');
      world.throttled.add(production?.id ?? '');
      announce('Mistral throttles prod-workspace (429): ml-workspace takes over');
      const refused = await ask(ADMIN, chat('mistral-large-latest'));
      world.throttled.clear();
      await checkSpend();
      return refused === undefined;
    },
  };
}
