import { parseArgs } from 'node:util';
import { endCommands } from './commands.js';
import { runAgainAt } from './emulator.js';
import { takeOver } from './existing.js';
import { travel } from './journey.js';
import { claimFollowed } from './pages.js';
import { type Parts, startParts } from './parts.js';
import { deployElsewhere } from './recovery.js';
import { createReport, linesOf } from './report.js';
import { callWithSdks } from './sdks/part.js';
import { policyToStay, stayDeployed } from './stay.js';
import { DIFFERENCES, UNSUPPORTED } from './unsupported.js';
import { visitStayed } from './visit.js';
import { LATE, within } from './waiting.js';

const { values } = parseArgs({
  options: {
    /** An instant, for example `2028-02-29T23:50Z`: all of the run sees a clock that begins there. */
    at: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** After which a run is ended: many times what it takes alone. */
    minutes: { type: 'string', default: '40' },
    /** Runs the part that begins with secrets that are there alone. */
    existing: { type: 'boolean', default: false },
    /** Runs the part with the official SDKs alone. */
    sdks: { type: 'boolean', default: false },
    /** Deploys, makes every key, and leaves all of it running. */
    stay: { type: 'boolean', default: false },
    /** With `--stay` or `--visit`: without the Admin API. */
    operator: { type: 'boolean', default: false },
    /** Runs the part that looks around in what `--stay` leaves running alone. */
    visit: { type: 'boolean', default: false },
  },
});
const { at, existing, json, minutes, operator, sdks, stay, visit } = values;
const CLEAN_UP_LIMIT_MS = 60_000;

// With --json, stdout is for the one document alone.
const say = (line: string) => (json ? console.error(line) : console.log(line));
const report = createReport(say, () => performance.now());
const cleanUps: (() => unknown)[] = [];
let parts: Parts | undefined;

async function run(): Promise<void> {
  say(`it is ${new Date().toISOString()}`);
  const onStart = (stop: () => unknown) => void cleanUps.unshift(stop);
  if (sdks) return callWithSdks(report, onStart);
  if (existing) {
    parts = await startParts(report, onStart);
    return takeOver(parts);
  }
  if (visit) return visitStayed(report, onStart, operator);
  say('unsupported by the emulator, and left out of the templates that it gets:');
  for (const { example, property, consequence } of UNSUPPORTED) {
    say(`  ${example.Type}${property ? ` with ${property}` : ''}: ${consequence}`);
  }
  say('the emulator differs from AWS:');
  for (const line of DIFFERENCES) say(`  ${line}`);

  if (stay) {
    parts = await startParts(report, onStart, { policy: policyToStay(operator) });
    for (const line of await stayDeployed(parts, operator, onStart)) say(line);
    await new Promise<never>(() => {}); // until ^C
  }
  const journey = await startParts(report, onStart, { flowWaitSeconds: 2 });
  parts = journey;
  const assembly = await travel(journey);
  // SDKs mostly wait to call again.
  const { step } = report;
  const elsewhere = step('deployed into another region', () => deployElsewhere(journey, assembly));
  const others = startParts(report, onStart).then(takeOver);
  await Promise.all([callWithSdks(report, onStart), visitBoth(onStart), elsewhere, others]);
  claimFollowed(report);
}

async function visitBoth(onStart: (stop: () => unknown) => void): Promise<void> {
  await visitStayed(report, onStart, false);
  await visitStayed(report, onStart, true);
}

async function main(): Promise<void> {
  if (at !== undefined) {
    const flags = Object.entries({ existing, json, operator, sdks, stay, visit }).flatMap(
      ([flag, is]) => (is ? [`--${flag}`] : []),
    );
    process.exit(await runAgainAt(at, [...flags, '--minutes', minutes]));
  }
  if (operator && !stay && !visit) throw new Error('--operator goes with --stay or --visit');
  if (stay) return run();
  const ended = await within(Number(minutes) * 60_000, run());
  if (ended === LATE) throw new Error(`the run has not ended within ${minutes} minutes`);
}

/** What went wrong, in which part of the journey, and at which lines of this folder. */
function describeFailure(error: unknown): string {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const places = stack.split('\n').filter((line) => line.includes(`${import.meta.dirname}/`));
  return [`${report.where()}: ${message}`, ...places].join('\n');
}

let cleanedUp: Promise<void> | undefined;

/** Once, however it ends; what fails to stop must not keep the rest from stopping. */
function cleanUp(): Promise<void> {
  cleanedUp ??= (async () => {
    endCommands();
    for (const undo of cleanUps) {
      try {
        const ended = await within(CLEAN_UP_LIMIT_MS, Promise.resolve(undo()));
        if (ended === LATE) throw new Error(`no end within ${CLEAN_UP_LIMIT_MS / 1000} s`);
      } catch (error) {
        console.error(`not cleaned up: ${error}`);
      }
    }
  })();
  return cleanedUp;
}

for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => {
    if (at === undefined) void cleanUp().finally(() => process.exit(status));
  });
}

// What is not awaited may fail, too: nothing must stay behind then.
process.on('uncaughtException', (error) => {
  console.error(`✗ ${describeFailure(error)}`);
  void cleanUp().finally(() => process.exit(1));
});

let failure: string | undefined;
try {
  await main();
} catch (error) {
  failure = describeFailure(error);
}

if (cleanedUp === undefined) {
  if (failure !== undefined) {
    const log = parts?.emulator.lastLines();
    if (log) console.error(`the emulator and the functions logged last:\n${log}\n`);
    console.error(`✗ ${failure}`);
  }
  await cleanUp();
  const summary = report.summary();
  if (json) console.log(JSON.stringify({ holds: failure === undefined, failure, ...summary }));
  else if (failure === undefined) for (const line of linesOf(summary)) say(line);
  if (failure !== undefined) process.exit(1); // what a run that was ended still waits for
}
