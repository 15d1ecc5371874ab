import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { styleOf } from '../cli/terminal/style.js';
import { messageOf } from '../governance/platform/failures.js';
import { jsonText } from '../governance/platform/quoting.js';
import { loadPolicy } from '../governance/policy/load-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { FIRST_VERSIONS } from '../testing/fakes/secret-store.js';
import type { World } from '../testing/world.js';
import { runLocally, START } from './run.js';
import { createTimeline, printClosing } from './terminal.js';

const USAGE = `Usage: npm start -- [options]

  --policy <file>      plays this policy (default: governance.yaml)
  --json               prints one JSON document instead of the story
  --evidence <folder>  where the last night's audit report is put`;

const values = readOptions();
const policy = readPolicy();
const firstVersion = FIRST_VERSIONS.find((one) => one === values['first-version']);
if (firstVersion === undefined) {
  fail(`--first-version is ${FIRST_VERSIONS.join(' or ')}, not ${values['first-version']}`);
}

// Node's warnings about its own version are not part of the story.
process.removeAllListeners('warning');
const out = values.json ? process.stderr : process.stdout;
const isSilent = values.json && !out.isTTY; // readers of the document do not need the timeline
const terminal = {
  write: (text: string) => void (isSilent || out.write(text)),
  style: styleOf(out),
  isTerminal: out.isTTY === true,
};
const timeline = createTimeline(START, terminal);

let auditReport: string | undefined;
const run = await runLocally({
  policy,
  firstVersion,
  log: { info() {}, warn() {}, error() {} },
  observer: timeline,
  onMessage: timeline.alert,
  inspect: (world) => {
    if (values.evidence !== undefined) auditReport = saveLastAudit(world, values.evidence);
    else if (!values.json)
      auditReport = saveLastAudit(world, mkdtempSync(join(tmpdir(), 'mistral-governance-')));
  },
});
timeline.end();
if (values.json) process.stdout.write(`${jsonText(run.document, { indent: 2 })}\n`);
else {
  printClosing(run, terminal);
  if (auditReport !== undefined) {
    process.stdout.write(`Audit report of the last night: ${auditReport}\n`);
  }
}

const failed = run.claims.filter(([, holds]) => !holds);
for (const [sentence] of failed) process.stderr.write(`failed: ${sentence}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        policy: { type: 'string', default: 'governance.yaml' },
        evidence: { type: 'string' },
        /** What Secrets Manager counts as a secret's first version, which AWS does not say. */
        'first-version': { type: 'string', default: 'placeholder' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return values;
  } catch (error) {
    return fail(`${messageOf(error)}\n\n${USAGE}`);
  }
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}

function readPolicy(): Policy {
  try {
    return loadPolicy(values.policy);
  } catch (error) {
    return fail(messageOf(error));
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** Copies the files of the last audit into a folder, and says where its page is. */
function saveLastAudit({ objects: { objects } }: World, folder: string): string | undefined {
  const reports = [...objects.keys()].filter((name) => name.endsWith('/report.html')).sort();
  const last = reports.at(-1)?.replace(/[^/]*$/, '');
  if (last === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  for (const [name, { body }] of objects) {
    if (name.startsWith(last)) writeFileSync(join(folder, basename(name)), body);
  }
  return resolve(folder, 'report.html');
}
