import { groupBy } from '../../governance/platform/group-by.js';
import { isPlanned } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Definition } from '../../testing/definition.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { callInProcess } from '../../testing/in-process.js';
import type { Connect } from '../../testing/network.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy } from './builders.js';
import { definitionFor } from './definition.js';
import { FAULT_KINDS, type Fault, injectFault } from './faults.js';
import {
  forgottenKeys,
  leaksIn,
  plaintextsOf,
  printed,
  untoldChanges,
  watch,
  writings,
} from './invariants.js';
import { SECRET, START, type Story, type Struck } from './stories.js';

const ONE_KEY = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

/** How the worlds of a suite call what is remote, and how long they wait for an answer. */
export interface Transport {
  readonly name: string;
  readonly connect: Connect;
  readonly timeoutMs: number;
  readonly worldsAtOnce: number;
}

/** A call that gets no answer times out at once: only then does anything wait for the signal of a caller. */
export const IN_PROCESS: Transport = {
  name: 'in this process',
  connect: callInProcess,
  timeoutMs: 1,
  worldsAtOnce: 1,
};

/**
 * A client that gives up on a slow machine would add a fault of its own to the one that is played, so
 * it has a lot of time; worlds that wait for an answer in vain wait beside each other.
 */
export const OVER_LOOPBACK: Transport = {
  name: 'over HTTP on loopback',
  connect: serveHttp,
  timeoutMs: 20_000,
  worldsAtOnce: 24,
};

export interface SuiteOptions {
  readonly transport?: Transport;
  /**
   * All: each call meets each kind of fault. Each kind: each name of a call meets each. One kind: each name of a
   * call meets one.
   */
  readonly play?: 'all' | 'each kind' | 'one kind';
}

export interface SuiteResult {
  /** Those of the story, whether played or not. */
  readonly faultPoints: number;
  /** Violations, each with the fault that caused it. */
  readonly broken: readonly string[];
}

/** Plays a story once undisturbed, and then again with faults at the calls that it made. */
export async function playWithEveryFault(
  story: Story,
  { transport = IN_PROCESS, play: which = 'all' }: SuiteOptions = {},
): Promise<SuiteResult> {
  const dynamo = await startLocalDynamo();
  try {
    const { policy = ONE_KEY } = story;
    const stage = { dynamo, policy, definition: definitionFor(policy), transport };
    await dynamo.createTable('undisturbed');
    const { calls, problems } = await play(stage, story, 'undisturbed');
    const all = FAULT_KINDS.flatMap((kind) =>
      calls.map((call, callNumber) => ({ kind, call, callNumber })),
    );
    const faults = CHOSEN[which](all);
    const broken = problems.map((problem) => `without a fault: ${problem}`);
    const waiting = [...faults];
    const playWaiting = async (_: unknown, actor: number) => {
      const tableName = `actor-${actor}`;
      await dynamo.createTable(tableName);
      for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
        const { kind, call, callNumber } = fault;
        const problems = await play(stage, story, tableName, fault).then(
          (outcome) => outcome.problems,
          (error: unknown) => [`the story failed: ${error}`],
        );
        for (const problem of problems) {
          broken.push(`${kind} at call ${callNumber}, ${call}: ${problem}`);
        }
      }
    };
    await Promise.all(Array.from({ length: transport.worldsAtOnce }, playWaiting));
    process.stdout.write(
      `${faults.length} of ${all.length} fault points ${transport.name}, ${calls.length} calls by ${FAULT_KINDS.length} kinds: ${story.name}\n`,
    );
    return { faultPoints: all.length, broken };
  } finally {
    await dynamo.close();
  }
}

interface Point extends Fault {
  readonly call: string;
}

const CHOSEN = {
  all: (points: readonly Point[]) => points,
  'each kind': ofEachKind,
  'one kind': ofOneKind,
};

/** Of the calls with the same name, each kind of fault strikes one, and different kinds different ones. */
function ofEachKind(points: readonly Point[]): readonly Point[] {
  const alike = groupBy(points, ({ kind, call }) => `${kind} at ${call}`);
  return [...alike.values()].flatMap((group) =>
    group.filter(({ kind }, index) => index === FAULT_KINDS.indexOf(kind) % group.length),
  );
}

/** Of each name of a call, one meets a fault: of another kind than the next name's. */
function ofOneKind(points: readonly Point[]): readonly Point[] {
  const named = groupBy(ofEachKind(points), ({ call }) => call);
  return [...named.values()].flatMap((group, index) =>
    group.slice(index % group.length).slice(0, 1),
  );
}

interface Stage {
  readonly dynamo: LocalDynamo;
  readonly policy: Policy;
  readonly definition: Definition;
  readonly transport: Transport;
}

interface Outcome {
  /** The calls of the story, in order. */
  readonly calls: readonly string[];
  readonly problems: readonly string[];
}

/** Plays a story with one fault, or none, in its own world, and returns the lasting problems. */
async function play(
  { dynamo, policy, definition, transport }: Stage,
  story: Story,
  tableName: string,
  fault?: Fault & Struck,
): Promise<Outcome> {
  const injection = injectFault(fault);
  const log: unknown[] = [];
  const write = (...line: unknown[]) => void log.push(...line.map(printed));
  let look = () => {};
  const { connect, timeoutMs } = transport;
  const world = await createWorld({
    policy,
    definition,
    dynamo,
    tableName,
    start: START,
    youngSeconds: story.youngSeconds ?? 0,
    firstVersion: story.firstVersion,
    log: { info: write, warn: write, error: write },
    connect,
    intercept: injection.intercept,
    awsClient: {
      maxAttempts: 1,
      requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    },
    mistral: { timeoutMs },
    async around(invoke) {
      try {
        return await injection.around(invoke);
      } finally {
        look();
      }
    },
  });
  try {
    const watching = watch(world);
    look = watching.look;
    await story.before(world);
    injection.arm();
    await story.play(world);
    const calls = injection.disarm();
    const ending = story.problems?.(world, fault) ?? [];
    const problems = await judge(world, story, dynamo, tableName, log);
    return { calls, problems: [...watching.violations, ...ending, ...problems] };
  } finally {
    await world.close();
    await dynamo.clear(tableName);
  }
}

async function judge(
  world: World,
  { secret = SECRET }: Story,
  dynamo: LocalDynamo,
  tableName: string,
  log: readonly unknown[],
): Promise<string[]> {
  const audit = await world.audit();
  const problems = forgottenKeys(world, audit);
  const items = await dynamo.items(tableName);
  problems.push(...untoldChanges(world, items));
  const text = writings(world, items, log);
  if (leaksIn(text, plaintextsOf(world)).length > 0) {
    problems.push('a piece of a key was written somewhere');
  }
  return [...problems, ...(await problemsOfNextRotation(world, secret))];
}

/** After every fault, the next rotation of a key of the policy starts and promotes its own key. */
async function problemsOfNextRotation(world: World, secret: string): Promise<string[]> {
  // In operator mode, the story itself supplies the next key.
  if (!isPlanned(world.policy, secret)) return [];
  const before = world.secrets.valueAt(secret, 'AWSCURRENT');
  await world.rotate(secret).catch(() => undefined);
  await world.clock.playUntil(new Date(world.clock.now().getTime() + 86_400_000));
  const after = world.secrets.valueAt(secret, 'AWSCURRENT');
  return after === undefined || after === before ? ['the next rotation made no key'] : [];
}
