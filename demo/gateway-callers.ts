import { listText } from '../governance/platform/wording.js';
import { type Actor, callersOf, modelNames, type Spender } from './callers.js';
import { alertsOf, type RunDocument } from './document.js';
import type { Stage } from './stage.js';
import type { Claim } from './story.js';

const MINUTE_MS = 60_000;
const STRANGER = 'arn:aws:sts::999900001111:assumed-role/intern/tim';
/** More would take longer than the rest of the run. */
const MOST_A_MINUTE = 200;
const MOST_TRIES = 60;
const CHECKS = 25;
const NIGHTS = 17;
const LONG_PROMPT = 60_000;
/** What a request may meet that the policy allows: its own limits. */
const QUOTA_CODES = ['budget_exhausted', 'tokens_exhausted', 'rate_limited'];

function chat(model: string, content = 'Say something.', more: object = {}) {
  return { model, messages: [{ role: 'user', content }], ...more };
}

/** The actions of the gateway's callers, as far as a policy has some; the story decides when. */
export function createGatewayCallers({ world, diary, ask, flush, checkSpend, announce }: Stage) {
  const { clock, policy } = world;
  const nowMs = () => clock.now().getTime();
  const { actors, spender } = callersOf(policy, nowMs);
  const ofRoles = [...new Set(actors.map(({ role }) => role))].flatMap(
    (role) => actors.find((actor) => actor.role === role) ?? [],
  );
  const overflowing = actors.find((actor) => mayOverflow(actor));
  /** Codes of refusals that had to come. */
  const expected = new Set<string>();
  const unanswered = new Set(ofRoles.map(({ role }) => role));
  let overflowed: string | undefined;

  function mayOverflow({ workspace, model }: Actor): boolean {
    return workspace.overflowTo.some((name) => {
      const models = policy.workspaces.find((one) => one.name === name)?.models ?? [];
      return models === '*' || models.includes(model);
    });
  }

  async function expectRefusal(code: string, asked: Promise<string | undefined>): Promise<void> {
    expected.add(code);
    await asked;
  }

  /** Until all tokens of a day are used, or until that takes too long. */
  async function useTokens(): Promise<void> {
    const [actor] = actors
      .filter(({ dailyTokens }) => Number.isFinite(dailyTokens))
      .sort((one, other) => one.dailyTokens - other.dailyTokens);
    if (!actor) return;
    const long = chat(actor.model, 'x'.repeat(LONG_PROMPT));
    for (let tried = 0; tried < MOST_TRIES; tried += 1) {
      const code = await ask(actor.arn(), long);
      if (code === 'rate_limited') await clock.sleep(MINUTE_MS);
      else if (code !== undefined) return;
      await flush();
    }
  }

  async function useMinute(): Promise<void> {
    const [actor] = [...actors].sort(
      (one, other) => one.workspace.requestsPerMinute - other.workspace.requestsPerMinute,
    );
    if (!actor || actor.workspace.requestsPerMinute > MOST_A_MINUTE) return;
    await clock.sleep(MINUTE_MS);
    const small = chat(actor.model, 'Hi.', { max_tokens: 1 });
    for (let sent = 0; sent <= actor.workspace.requestsPerMinute; sent += 1) {
      await ask(actor.arn('bot'), small);
    }
  }

  /** Requests of so many completions, and smaller ones once those do not fit. Returns how many passed. */
  async function spend({ actor, completions, requests }: Spender): Promise<number> {
    let [passed, session, size] = [0, 0, completions];
    for (let tried = 0; size >= 1 && tried < 3 * requests + MOST_TRIES; tried += 1) {
      const body = { max_tokens: actor.costliest.grant.maxTokens, n: size };
      const code = await ask(
        actor.arn(`dev-${session}`),
        chat(actor.costliest.model, 'Test.', body),
      );
      if (code === undefined) passed += 1;
      else if (code === 'tokens_exhausted' && actor.perSession) session += 1;
      else if (code === 'rate_limited') await clock.sleep(MINUTE_MS);
      else size = Math.floor(size / 4);
      if (tried % Math.ceil(requests / CHECKS) === 0) await checkSpend();
    }
    await checkSpend();
    return passed;
  }

  return {
    /** What this policy gives the story no callers or limits for. */
    leftOut: [
      ...(policy.gateway.enabled ? [] : ['callers of the gateway, which is not enabled']),
      ...(policy.gateway.enabled && actors.length === 0
        ? ['callers, of whom none may ask a model']
        : []),
      ...(spender ? [] : ['a budget that is spent to the last request']),
      ...(overflowing ? [] : ['an overflow to another workspace']),
    ],

    /** Each role sends a request that it may send. */
    async workday(): Promise<void> {
      for (const [at, actor] of ofRoles.entries()) {
        const { model } = actor;
        const kinds = [
          chat(model),
          chat(model, 'Sort this.', { stream: true }),
          chat(model, 'x'.repeat(Math.min(4000, policy.gateway.maxBodyBytes / 2))),
        ];
        const code =
          at % 4 === 3 && actor.mayEmbed
            ? await ask(actor.arn(), EMBEDDING, '/v1/embeddings')
            : await ask(actor.arn(), kinds[at % kinds.length] ?? chat(model));
        if (code === undefined || QUOTA_CODES.includes(code)) unanswered.delete(actor.role);
      }
      await checkSpend();
    },

    /** One request for each reason to refuse one, except budgets. */
    async mistakes(): Promise<void> {
      const [actor] = actors;
      if (!actor) return;
      announce('Callers send requests that the gateway rejects, one for each reason');
      const stranger = await ask(STRANGER, chat(actor.model));
      if (stranger !== undefined) expected.add('unknown_caller');
      for (const model of modelNames(policy)) {
        const lacking = actors.find((one) => one.refusal(model) === 'model_not_allowed');
        if (!lacking) continue;
        await expectRefusal('model_not_allowed', ask(lacking.arn(), chat(model)));
        break;
      }
      const tooMany = { max_tokens: actor.maxTokens + 1 };
      const code = actor.refusal(actor.model, tooMany.max_tokens);
      if (code) await expectRefusal(code, ask(actor.arn(), chat(actor.model, 'Hi.', tooMany)));
      await expectRefusal(
        'max_tokens_invalid',
        ask(actor.arn(), chat(actor.model, 'Hi.', { max_tokens: -1 })),
      );
      await expectRefusal(
        'endpoint_not_allowed',
        ask(actor.arn(), chat(actor.model), '/v1/fine_tuning/jobs'),
      );
      await useTokens();
      await useMinute();
      await checkSpend();
    },

    /** A budget is spent to the last request. */
    async busyDay(): Promise<void> {
      if (!spender) return;
      const { actor, window } = spender;
      announce(`Callers of ${actor.workspace.name} ask for many answers at once, again and again`);
      const passed = await spend(spender);
      announce(`The budget of the ${window} allowed ${passed} of these requests and no more`);
    },

    /** A batch that, night after night, needs more than a month's budget allows. */
    isBatchPlayed: spender?.window === 'month',
    async nightlyBatch(): Promise<void> {
      if (!spender) return;
      const { actor, completions, requests } = spender;
      const heavy = chat(actor.costliest.model, 'Review.', {
        max_tokens: actor.costliest.grant.maxTokens,
        n: completions,
      });
      for (let sent = 0; sent < requests / NIGHTS; sent += 1) {
        await ask(actor.arn(`batch-${Math.floor(sent / 2)}`), heavy);
      }
      await checkSpend();
    },

    /** Mistral throttles a workspace, and another one takes over. */
    async throttled(): Promise<void> {
      if (!overflowing) return;
      const { workspace, model } = overflowing;
      world.throttled.add(workspace.id);
      const others = listText(workspace.overflowTo);
      announce(`Mistral throttles ${workspace.name} (429): ${others} takes over`);
      overflowed = (await ask(overflowing.arn(), chat(model))) ?? 'answered';
      world.throttled.clear();
      await checkSpend();
    },

    claims(document: RunDocument): readonly Claim[] {
      if (actors.length === 0) return [];
      const codes = [...diary.refused.keys()];
      const claims: Claim[] = [
        [
          `the gateway answered ${diary.answered} requests, of callers of every role`,
          unanswered.size === 0,
        ],
        [
          `it rejected requests for ${codes.length} reasons: ${listText(codes)}`,
          [...expected].every((code) => codes.includes(code)),
        ],
      ];
      if (spender) claims.push(...spendClaims(document, spender, policy.alerts.spendThresholds));
      if (overflowed !== undefined && !QUOTA_CODES.includes(overflowed)) {
        const sentence = 'another workspace answered the request that Mistral throttled';
        claims.push([sentence, overflowed === 'answered']);
      }
      return claims;
    },
  };
}

const EMBEDDING = { model: 'mistral-embed', input: ['one', 'two'] };
/** A request that may cost more of a budget leaves more of it unspent. */
const SMALL_SHARE = 0.005;

function spendClaims(
  document: RunDocument,
  { actor, window, share }: Spender,
  thresholds: readonly number[],
): readonly Claim[] {
  const { name } = actor.workspace;
  const rows = document.spend.filter((row) => row.workspace === name && row.window === window);
  const [{ metered = null, budget = null } = {}] = [...rows].sort(
    (one, other) => (other.percent ?? 0) - (one.percent ?? 0),
  );
  const least = share <= SMALL_SHARE ? 0.99 : 0;
  const early = thresholds.filter((percent) => percent < 100);
  const wanted = window === 'month' ? Math.min(early.length, 3) : 0;
  const forecasts = alertsOf(document, 'spend-forecast').length;
  return [
    [
      `callers of ${name} could spend ${least > 0 ? 'at least 99 %' : 'most'} of the budget of a ${window}, and no more than all of it`,
      metered !== null && budget !== null && metered <= budget && metered >= least * budget,
    ],
    [
      `on-call was notified ${wanted > 0 ? `at ${listText(early.map(String))} %, by a forecast, and ` : ''}of the exhausted budget`,
      alertsOf(document, 'spend-threshold').length >= wanted &&
        alertsOf(document, 'budget-exhausted').length > 0 &&
        (window !== 'month' || forecasts > 0),
    ],
  ];
}
