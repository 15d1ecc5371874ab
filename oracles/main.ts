import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endCommands } from '../e2e/commands.js';
import { CLIENTS_PAGE, clientsPage } from './clients-page.js';
import { linesOf, type Oracle, type Verdict } from './oracle.js';
import { PRISM } from './prism/check.js';

/** Each is a program of others that judges this product; `npm run oracles -- prism` runs one. */
const ORACLES: readonly Oracle[] = [PRISM];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Writes docs/clients.md, unless there is a finding. */
    write: { type: 'boolean', default: false },
  },
});
const wanted = positionals.length === 0 ? ORACLES.map(({ name }) => name) : positionals;
const unknown = wanted.filter((name) => !ORACLES.some((one) => one.name === name));
if (unknown.length > 0) {
  const known = ORACLES.map(({ name }) => name).join(', ');
  throw new Error(`no oracle ${unknown.join(', ')}: there are ${known}`);
}

const stops: (() => unknown)[] = [];
const verdicts: Verdict[] = [];
async function end(): Promise<void> {
  endCommands();
  for (const stop of stops.splice(0)) await stop();
}
// Nothing that was started stays behind, however it ends.
for (const event of ['SIGINT', 'SIGTERM', 'uncaughtException']) {
  process.on(event, (reason: unknown) => {
    console.error(reason);
    void end().finally(() => process.exit(1));
  });
}

try {
  for (const oracle of ORACLES) {
    if (!wanted.includes(oracle.name)) continue;
    verdicts.push(...(await oracle.run({ onStart: (stop) => void stops.unshift(stop) })));
  }
} finally {
  await end();
}
for (const line of linesOf(verdicts)) console.log(line);
const isClean = verdicts.every(({ findings }) => findings.length === 0);
if (values.write && isClean) writeFileSync(CLIENTS_PAGE, clientsPage());
process.exit(isClean ? 0 : 1);
