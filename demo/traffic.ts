import * as z from 'zod';
import type { SpendRow } from '../governance/spend/spend-row.js';
import type { LocalGateway } from '../testing/gateway.js';
import type { World } from '../testing/world.js';
import type { Onlooker } from './hundred-days.js';

/** How requests to the gateway ended, by the code of the refusal. */
export interface TrafficDiary {
  answered: number;
  readonly refused: Map<string, number>;
  /** Requests of a throttled workspace that another one answered. */
  overflowed: number;
  /** What was seen of every workspace's windows, the latest of each. */
  readonly spend: Map<string, SpendRow>;
}

export interface TrafficStage {
  readonly world: World;
  readonly gateway: LocalGateway;
  readonly onlooker: Onlooker;
}

export interface Traffic {
  readonly diary: TrafficDiary;
  /** Each role asks for something it may have. */
  workday(): Promise<void>;
  /** Every way to be refused but for money. */
  mistakes(): Promise<void>;
  /** Developers spend the month's budget of their workspace to the last request. */
  busyDay(): Promise<void>;
  /** Mistral has no room for production: its overflow takes over. */
  throttledProduction(): Promise<void>;
}

const session = (role: string, name: string) =>
  `arn:aws:sts::111122223333:assumed-role/${role}/${name}`;
const ANALYST = session('analyst', 'ada');
const ADMIN = session('platform-admin', 'lin');

const CHAT = '/v1/chat/completions';
const MINUTE_MS = 60_000;
const REQUESTS_A_MINUTE = 60;
/** Two hundred thousand tokens: two of them fit into one developer's day. */
const HEAVY = { max_tokens: 2000, n: 100 };
const HEAVY_REQUESTS_EACH = 2;
const REQUESTS_A_CHECK = 30;

const ProblemSchema = z.object({ code: z.string() });

export function createTraffic({ world, gateway, onlooker }: TrafficStage): Traffic {
  const { clock } = world;
  const diary: TrafficDiary = {
    answered: 0,
    refused: new Map(),
    overflowed: 0,
    spend: new Map(),
  };

  /** The code of the refusal; `undefined` for a request that was answered. */
  async function ask(caller: string, body: object, path = CHAT): Promise<string | undefined> {
    const response = await gateway.ask(caller, path, body);
    const text = await response.text();
    if (response.ok) {
      diary.answered += 1;
      return undefined;
    }
    const { code } = ProblemSchema.parse(JSON.parse(text));
    diary.refused.set(code, (diary.refused.get(code) ?? 0) + 1);
    return code;
  }

  function chat(model: string, content = 'Say something.', more: object = {}) {
    return { model, messages: [{ role: 'user', content }], ...more };
  }

  async function look(): Promise<void> {
    await gateway.flush();
    const { spend } = await world.monitorSpend();
    for (const row of spend) {
      diary.spend.set(`${row.workspace} ${row.window} ${row.windowName}`, row);
    }
  }

  return {
    diary,

    async workday() {
      await ask(ANALYST, chat('mistral-small-latest'));
      await ask(
        session('developer', 'max'),
        chat('codestral-latest', 'Sort this.', { stream: true }),
      );
      await ask(session('ml-engineer', 'eve'), chat('mistral-large-latest', 'x'.repeat(4000)));
      await ask(ADMIN, { model: 'mistral-embed', input: ['one', 'two'] }, '/v1/embeddings');
      await look();
    },

    async mistakes() {
      onlooker.tell(clock.now(), 'callers make every mistake there is');
      await ask(session('intern', 'tim'), chat('mistral-small-latest'));
      await ask(ANALYST, chat('mistral-large-latest'));
      await ask(ANALYST, chat('mistral-small-latest', 'Hi.', { max_tokens: 5000 }));
      await ask(ANALYST, chat('mistral-small-latest', 'Hi.', { max_tokens: -1 }));
      await ask(ANALYST, chat('mistral-small-latest'), '/v1/agents/completions');
      const long = chat('mistral-small-latest', 'x'.repeat(60_000));
      while ((await ask(ANALYST, long)) !== 'tokens_exhausted') await gateway.flush();
      for (let count = 0; count < REQUESTS_A_MINUTE + 1; count += 1) {
        await ask(session('developer', 'bot'), chat('mistral-small-latest'));
      }
      await look();
    },

    async busyDay() {
      onlooker.tell(clock.now(), 'developers ask codestral for a hundred answers at once');
      const heavy = chat('codestral-latest', 'Write a test.', HEAVY);
      let sent = 0;
      for (let code: string | undefined; code !== 'budget_exhausted'; ) {
        code = await ask(
          session('developer', `dev-${Math.floor(sent / HEAVY_REQUESTS_EACH)}`),
          heavy,
        );
        sent += 1;
        if (sent % REQUESTS_A_CHECK === 0) await look();
        if (sent % (REQUESTS_A_MINUTE - 1) === 0 || code === 'rate_limited') {
          await clock.sleep(MINUTE_MS);
        }
      }
      await look();
      onlooker.tell(
        clock.now(),
        `the month's budget took ${sent - 1} of these requests and not one more`,
      );
    },

    async throttledProduction() {
      const production = world.policy.workspaces.find(({ name }) => name === 'prod-workspace');
      world.throttled.add(production?.id ?? '');
      onlooker.tell(clock.now(), 'Mistral answers 429 to prod-workspace; ml-workspace takes over');
      const refused = await ask(ADMIN, chat('mistral-large-latest'));
      if (refused === undefined) diary.overflowed += 1;
      world.throttled.clear();
      await look();
    },
  };
}
