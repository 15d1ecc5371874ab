import { isPlanned } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Definition } from '../../testing/definition.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy } from './builders.js';
import { definitionFor } from './definition.js';
import { FAULT_KINDS, type Fault, type FaultKind, injectFault } from './faults.js';
import { forgottenKeys, leaksIn, plaintextsOf, printed, watch, writings } from './invariants.js';
import { SECRET, START, type Story } from './stories.js';

const ONE_KEY = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

// Enough worlds at once to use the time in which others wait for a lost answer.
const WORLDS_AT_ONCE = 12;
// A client that times out on a slow machine would add a fault to the injected one.
const PATIENCE_MS = 5000;

export interface SuiteResult {
  readonly faultPoints: number;
  /** Violations, each with the fault that caused it. */
  readonly broken: readonly string[];
}

/** Plays a story once undisturbed, and then again for each call it made and each kind of fault. */
export async function playWithEveryFault(
  story: Story,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): Promise<SuiteResult> {
  const dynamo = await startLocalDynamo();
  try {
    const { policy = ONE_KEY } = story;
    const stage = { dynamo, policy, definition: definitionFor(policy) };
    await dynamo.createTable('undisturbed');
    const { calls, problems } = await play(stage, story, 'undisturbed');
    // The kinds alternate, so that few worlds wait for a lost answer at the same time.
    const faults = calls.flatMap((call, callNumber) =>
      kinds.map((kind) => ({ kind, call, callNumber })),
    );
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
    await Promise.all(Array.from({ length: WORLDS_AT_ONCE }, playWaiting));
    return { faultPoints: faults.length, broken };
  } finally {
    await dynamo.close();
  }
}

interface Stage {
  readonly dynamo: LocalDynamo;
  readonly policy: Policy;
  readonly definition: Definition;
}

interface Outcome {
  /** The calls of the story, in order. */
  readonly calls: readonly string[];
  readonly problems: readonly string[];
}

/** Plays a story with one fault, or none, in its own world, and returns the lasting problems. */
async function play(
  { dynamo, policy, definition }: Stage,
  story: Story,
  tableName: string,
  fault?: Fault,
): Promise<Outcome> {
  const injection = injectFault(fault);
  const log: unknown[] = [];
  const write = (...line: unknown[]) => void log.push(...line.map(printed));
  let look = () => {};
  const world = await createWorld({
    policy,
    definition,
    dynamo,
    tableName,
    start: START,
    youngSeconds: story.youngSeconds ?? 0,
    log: { info: write, warn: write, error: write },
    intercept: injection.intercept,
    awsClient: {
      maxAttempts: 1,
      requestHandler: { requestTimeout: PATIENCE_MS, throwOnRequestTimeout: true },
    },
    mistral: { timeoutMs: PATIENCE_MS },
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
    const ending = story.problems?.(world) ?? [];
    const problems = await judge(world, dynamo, tableName, log);
    return { calls, problems: [...watching.violations, ...ending, ...problems] };
  } finally {
    await world.close();
    await dynamo.clear(tableName);
  }
}

async function judge(
  world: World,
  dynamo: LocalDynamo,
  tableName: string,
  log: readonly unknown[],
): Promise<string[]> {
  const audit = await world.audit();
  const problems = forgottenKeys(world, audit);
  const text = writings(world, await dynamo.items(tableName), log);
  if (leaksIn(text, plaintextsOf(world)).length > 0) {
    problems.push('a piece of a key was written somewhere');
  }
  return [...problems, ...(await problemsOfNextRotation(world))];
}

/** After every fault, the next rotation of a key of the policy starts and promotes its own key. */
async function problemsOfNextRotation(world: World): Promise<string[]> {
  // In operator mode, the story itself supplies the next key.
  if (!isPlanned(world.policy, SECRET)) return [];
  const before = world.secrets.valueAt(SECRET, 'AWSCURRENT');
  await world.rotate(SECRET).catch(() => undefined);
  await world.clock.playUntil(new Date(world.clock.now().getTime() + 86_400_000));
  const after = world.secrets.valueAt(SECRET, 'AWSCURRENT');
  return after === undefined || after === before ? ['the next rotation made no key'] : [];
}
