import { nextTick } from 'node:process';
import { type Counter, EMPTY_COUNTER, type Exchange } from '../../../governance/quotas/counter.js';
import { CLOCK_MARGIN_MS, fenceOf, LEASE_MS } from '../../../governance/quotas/lease-time.js';
import type { Quota, QuotaHolder, Reservation } from '../../../governance/quotas/quota.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { createWire, type Fate, type Wire } from './wire.js';

const START = Date.parse('2026-11-23T17:00:00Z');
const STEP_MS = 300;
const EXPIRY_MS = 70_000;
/** A flush after four seconds, in a call that takes three, and one more second. */
const RECORDED_MS = 8_000;
/** A lease that was renewed just before is still good for one request, and then no more. */
const PAUSE_MS = fenceOf({ until: LEASE_MS }) - 4 * STEP_MS;

/** How often each event may happen in one sequence. */
export interface Budget {
  readonly holders: number;
  readonly limit: number;
  readonly amounts: readonly number[];
  /** Of each holder. */
  readonly requests: number;
  readonly flushes: number;
  readonly losses: number;
  readonly crashes: number;
  /** All leases expire without a flush: live holders are cut off, too. */
  readonly expiries: number;
  /** Time passes in which holders flush as the shells do, by clocks that are 10 s apart. */
  readonly pauses: number;
}

interface Actor {
  readonly id: string;
  readonly holder: QuotaHolder;
  readonly open: { readonly reservation: Reservation; readonly amount: number }[];
  isAlive: boolean;
  /** When it flushes next by itself. */
  dueMs: number;
  requests: number;
  flushes: number;
  /** Authorized in all, and how much of that when its latest exchange that happened was made. */
  started: number;
  startedBeforeSettlement: number;
  /** Reserved and not used by requests that ended, likewise. */
  unused: number;
  unusedBeforeSettlement: number;
}

export interface World {
  /** The possible next events, by name. */
  actions(): Action[];
  /** Completes everything in flight, lets all leases expire, and reclaims them. */
  end(): Promise<void>;
  /** Throws if the counter or the requests break a promise. */
  check(): void;
  /** Counter and requests, once everything has ended. */
  result(): WorldResult;
}

export interface Action {
  readonly name: string;
  readonly play: () => Promise<void>;
}

export interface WorldResult {
  readonly counter: Counter;
  /** Used by requests that ended. */
  readonly spent: number;
  /** Reserved by requests that died with their holder, or ended too late for it to settle them. */
  readonly died: number;
  /** What the holders of reclaimed leases had started since their last settlement. */
  readonly error: number;
  readonly hasCrashed: boolean;
}

/** Only holders that did not flush in time may have an error, see promise 2. */
export function isStrict({ expiries }: Budget): boolean {
  return expiries === 0;
}

/** Ends when no promise has anything left to run: Node goes on with the tick then. */
const letItRun = () => new Promise<void>((resolve) => nextTick(resolve));

export function createWorld(budget: Budget): World {
  const quota: Quota = { scope: 'workspace#a', unit: 'usd', window: 'month', limit: budget.limit };
  const fake = createFakeQuotaCounters();
  let nowMs = START;
  let spent = 0;
  let losses = budget.losses;
  let crashes = budget.crashes;
  let expiries = budget.expiries;
  let pauses = budget.pauses;
  let error = 0;
  let errorOfLiving = 0;

  const wire: Wire = createWire(fake, (sender, exchange) => {
    const actor = actors.find(({ id }) => id === exchange.holderId);
    if (!actor) return;
    if (sender === exchange.holderId) Object.assign(actor, marks.get(exchange));
    else {
      const unknown = actor.started - actor.startedBeforeSettlement;
      error += unknown;
      if (actor.isAlive) errorOfLiving += unknown;
    }
  });
  /** The state of its holder when an exchange was made. */
  const marks = new WeakMap<Exchange, Partial<Actor>>();
  const actors = Array.from({ length: budget.holders }, (_, at) =>
    newActor(`holder-${at}`, at % 2 === 0 ? -1 : 1),
  );

  const hasActed = new Set<Actor>();

  function newActor(id: string, skew: -1 | 1): Actor {
    const skewMs = budget.pauses > 0 ? skew * CLOCK_MARGIN_MS : 0;
    const { exchange, ...rest } = wire.countersFor(id);
    const counters = {
      ...rest,
      exchange: ((key, command, expiresAtMs) => {
        if (command.holderId === id && !marks.has(command))
          marks.set(command, {
            startedBeforeSettlement: actor.started,
            unusedBeforeSettlement: actor.unused,
          });
        return exchange(key, command, expiresAtMs);
      }) satisfies typeof exchange,
    };
    const actor: Actor = {
      id,
      holder: createQuotaHolder({ holderId: id, counters, nowMs: () => nowMs + skewMs }),
      open: [],
      isAlive: true,
      dueMs: Infinity,
      requests: budget.requests,
      flushes: budget.flushes,
      started: 0,
      startedBeforeSettlement: 0,
      unused: 0,
      unusedBeforeSettlement: 0,
    };
    return actor;
  }

  async function reserve(actor: Actor, amount: number): Promise<void> {
    actor.requests -= 1;
    const outcome = actor.holder.reserve([{ quota, amount }]);
    const keep = (result: Awaited<typeof outcome>) => {
      if (result.kind !== 'reserved' || !actor.isAlive) return;
      actor.started += amount;
      actor.dueMs = Math.min(actor.dueMs, nowMs + RECORDED_MS);
      actor.open.push({ reservation: result, amount });
    };
    if (outcome instanceof Promise) void outcome.then(keep);
    else keep(outcome);
  }

  async function finish(actor: Actor, unused: number): Promise<void> {
    const request = actor.open.shift();
    if (!request) return;
    const used = Math.max(0, request.amount - unused);
    request.reservation.settle([used]);
    spent += used;
    actor.unused += request.amount - used;
  }

  function actionsOf(actor: Actor): Action[] {
    const { id, holder, open } = actor;
    if (!actor.isAlive) return [];
    const actions: Action[] = [];
    if (actor.requests > 0)
      for (const amount of budget.amounts)
        actions.push({ name: `${id} reserves ${amount}`, play: () => reserve(actor, amount) });
    if (open.length > 0)
      actions.push({ name: `${id} ends a request`, play: () => finish(actor, 0) });
    if (open[0] && open[0].amount > 1)
      actions.push({ name: `${id} ends one below its bound`, play: () => finish(actor, 1) });
    if (actor.flushes > 0)
      actions.push({
        name: `${id} flushes`,
        play: async () => {
          actor.flushes -= 1;
          void holder.flush();
        },
      });
    if (crashes > 0)
      actions.push({
        name: `${id} dies`,
        play: async () => {
          crashes -= 1;
          actor.isAlive = false;
          wire.silence(id);
        },
      });
    return actions.map((action) => ({
      name: action.name,
      play() {
        hasActed.add(actor);
        return action.play();
      },
    }));
  }

  /** Holders on one clock are equivalent until they act: the order of their first acts changes only names. */
  function whoMayAct(): readonly Actor[] {
    if (budget.pauses > 0) return actors;
    const [next] = actors.filter((actor) => !hasActed.has(actor));
    return actors.filter((actor) => actor === next || hasActed.has(actor));
  }

  function actions(): Action[] {
    const found = whoMayAct().flatMap(actionsOf);
    for (const sender of wire.waiting()) {
      const fates: Fate[] = ['deliver'];
      if (losses > 0) fates.push('lose-answer', 'lose-command', 'delay');
      for (const fate of fates)
        found.push({
          name: `${fate} ${sender}`,
          play: async () => {
            if (!wire.waiting().includes(sender)) return; // it was due, and is delivered
            if (fate !== 'deliver') losses -= 1;
            await wire.decide(sender, fate);
          },
        });
    }
    if (wire.late() > 0) found.push({ name: 'a late command arrives', play: () => wire.arrive() });
    if (expiries > 0)
      found.push({
        name: 'leases expire',
        play: async () => {
          expiries -= 1;
          nowMs += EXPIRY_MS;
        },
      });
    if (pauses > 0)
      found.push({
        name: 'time passes',
        play: async () => {
          pauses -= 1;
          await pass(PAUSE_MS);
        },
      });
    return found.map(({ name, play }) => ({
      name,
      async play() {
        await pass(STEP_MS);
        await play();
        await letItRun();
      },
    }));
  }

  async function pass(ms: number): Promise<void> {
    const untilMs = nowMs + ms;
    while (isStrict(budget)) {
      const living = actors.filter(({ isAlive }) => isAlive);
      const dueMs = Math.min(...living.map((actor) => actor.dueMs));
      if (dueMs > untilMs) break;
      nowMs = dueMs;
      for (const actor of living.filter((one) => one.dueMs === dueMs)) {
        actor.dueMs = Infinity;
        await flushAll([actor.holder]);
        if (actor.open.length > 0) actor.dueMs = nowMs + RECORDED_MS;
      }
    }
    nowMs = untilMs;
  }

  async function quiet(): Promise<void> {
    await letItRun();
    for (let sender = wire.waiting()[0]; sender; sender = wire.waiting()[0]) {
      await wire.decide(sender, 'deliver');
      await letItRun();
    }
  }

  async function flushAll(holders: readonly QuotaHolder[]): Promise<void> {
    for (const holder of holders) {
      void holder.flush();
      await quiet();
    }
  }

  /** A new holder asks for everything, so that all expired leases are reclaimed. */
  async function visit(id: string): Promise<void> {
    const { holder } = newActor(id, 1);
    for (let turn = 0; turn < 3; turn += 1) {
      void Promise.resolve(holder.reserve([{ quota, amount: quota.limit }])).then((outcome) => {
        if (outcome.kind === 'reserved') outcome.release();
      });
      await quiet();
      await flushAll([holder]);
      nowMs += EXPIRY_MS;
    }
    void holder.close();
    await quiet();
  }

  const counter = () => [...fake.counters.values()][0] ?? EMPTY_COUNTER;
  const inFlight = () =>
    actors.flatMap(({ isAlive, open }) => (isAlive ? open : [])).map(({ amount }) => amount);

  return {
    actions,

    async end() {
      const alive = actors.filter(({ isAlive }) => isAlive);
      await quiet();
      while (wire.late() > 0) await wire.arrive();
      for (const actor of alive) while (actor.open.length > 0) await finish(actor, 0);
      await flushAll(alive.map(({ holder }) => holder));
      nowMs += EXPIRY_MS;
      await visit('survivor');
      // A holder that returns late books what it could not book before.
      await flushAll(alive.map(({ holder }) => holder));
      nowMs += EXPIRY_MS;
      await visit('last');
    },

    check() {
      const { settled, committed, leases } = counter();
      const leased = [...leases.values()].reduce((sum, { amount }) => sum + amount, 0);
      if (committed !== settled + leased)
        throw new Error(`committed ${committed} is not settled ${settled} and leased ${leased}`);
      if (committed < settled) throw new Error(`settled ${settled} of committed ${committed}`);
      if (isStrict(budget) && committed > budget.limit)
        throw new Error(`committed ${committed} of ${budget.limit}`);
      if (isStrict(budget) && errorOfLiving > 0)
        throw new Error(`a live holder lost a lease with ${errorOfLiving} unrecorded`);
      const running = inFlight().reduce((sum, amount) => sum + amount, 0);
      if (spent + running > budget.limit + error)
        throw new Error(`authorized ${spent + running} of ${budget.limit}, allowed error ${error}`);
    },

    result: () => ({
      counter: counter(),
      spent,
      died: actors
        .filter(({ isAlive }) => !isAlive)
        .reduce((sum, dead) => sum + unsettled(dead), 0),
      error,
      hasCrashed: actors.some(({ isAlive }) => !isAlive),
    }),
  };
}

function unsettled({ open, unused, unusedBeforeSettlement }: Actor): number {
  return open.reduce((sum, { amount }) => sum + amount, unused - unusedBeforeSettlement);
}
