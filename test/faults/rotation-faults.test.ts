import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Definition, synthesizeDefinition } from '../../local/definition.js';
import { type LocalDynamo, startLocalDynamo } from '../../local/dynamo.js';
import { createWorld, type World } from '../../local/world.js';
import { aPolicy } from '../support/builders.js';
import { FAULT_KINDS, type Fault, injectFault } from '../support/faults.js';
import { forgottenKeys, leaksIn, plaintextsOf, watch, writings } from '../support/invariants.js';
import { SECRET, START, STORIES, type Story } from '../support/stories.js';

const policy = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

let dynamo: LocalDynamo;
let definition: Definition;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
  definition = synthesizeDefinition(policy);
});
afterAll(() => dynamo.close());

interface Outcome {
  readonly calls: readonly string[];
  readonly problems: readonly string[];
}

/** Plays a story with one fault, or none, in a world of its own, and says what went wrong for good. */
async function play(story: Story, fault?: Fault): Promise<Outcome> {
  const injection = injectFault(fault);
  const log: unknown[] = [];
  const write = (...line: unknown[]) => void log.push(...line.map(printed));
  // Only where an answer stays away does it pay to wait for it briefly.
  const timeoutMs = fault?.kind === 'timeout' ? 250 : 5000;
  let look = () => {};
  const world = await createWorld({
    policy,
    definition,
    dynamo,
    start: START,
    youngSeconds: 60,
    log: { info: write, warn: write, error: write },
    gate: injection.gate,
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
    await story(world);
    const problems = await judge(world, log);
    return { calls: injection.calls, problems: [...watching.violations, ...problems] };
  } finally {
    await world.close();
  }
}

async function judge(world: World, log: unknown[]): Promise<string[]> {
  // A fault may strike the audit itself; the next one must then see everything.
  const audit = await world.audit().catch(() => world.audit());
  const problems = forgottenKeys(world, audit);
  const text = await writings(world, dynamo, log);
  if (leaksIn(text, plaintextsOf(world)) > 0)
    problems.push('a piece of a key was written somewhere');
  return [...problems, ...(await problemsOfNextRotation(world))];
}

/** Whatever happened: the next rotation starts, and puts a key of its own in charge. */
async function problemsOfNextRotation(world: World): Promise<string[]> {
  const before = world.secrets.valueAt(SECRET, 'AWSCURRENT');
  await world.rotate(SECRET).catch(() => undefined);
  await world.clock.playUntil(new Date(world.clock.now().getTime() + 2 * 86_400_000));
  const after = world.secrets.valueAt(SECRET, 'AWSCURRENT');
  return after === undefined || after === before ? ['the next rotation made no key'] : [];
}

function printed(line: unknown): unknown {
  if (line instanceof Error) return `${line.stack}`;
  if (typeof line !== 'object' || line === null) return line;
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, printed(value)]));
}

test.each(Object.keys(STORIES))(
  '%s: no fault at any call breaks an invariant',
  async (title) => {
    const story = STORIES[title];
    if (!story) throw new Error('no such story');
    const { calls, problems } = await play(story);
    expect(problems).toEqual([]);

    const broken: string[] = [];
    for (const kind of FAULT_KINDS) {
      for (const [callNumber, call] of calls.entries()) {
        const outcome = await play(story, { callNumber, kind });
        for (const problem of outcome.problems) {
          broken.push(`${kind} at call ${callNumber}, ${call}: ${problem}`);
        }
      }
    }
    process.stdout.write(`${calls.length * FAULT_KINDS.length} fault points: ${title}\n`);
    expect(broken).toEqual([]);
  },
  300_000,
);
