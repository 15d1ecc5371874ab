import { parseArgs } from 'node:util';
import { loadPolicy } from '../lib/load-policy.js';
import { printClosing } from './closing-table.js';
import { missingCast } from './hundred-days.js';
import { runLocally, START } from './run.js';
import { saveEvidence } from './save-evidence.js';
import { createTimeline } from './timeline.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    policy: { type: 'string', default: 'governance.yaml' },
    evidence: { type: 'string' },
  },
});
const policy = loadPolicy(values.policy);
const missing = missingCast(policy);
if (missing.length > 0) {
  console.error(
    `${values.policy} is not the policy as shipped: the story of the hundred days needs ${missing.join(', ')}. Keep a copy of the shipped policy and name it with --policy.`,
  );
  process.exit(2);
}

// What Node says of its own age does not belong into the story.
process.removeAllListeners('warning');
const out = values.json ? process.stderr : process.stdout;
const isSilent = values.json && !out.isTTY; // who reads a document has no use for the story
const terminal = {
  write: (text: string) => void (isSilent || out.write(text)),
  isTerminal: out.isTTY === true && !process.env.NO_COLOR,
};
const timeline = createTimeline(START, terminal);

const { document, expectations } = await runLocally({
  policy,
  log: { info() {}, warn() {}, error() {} },
  onlooker: timeline,
  onMessage: timeline.alert,
  inspect: ({ objects }) => {
    if (values.evidence !== undefined) saveEvidence(objects, values.evidence);
  },
});
timeline.end();
if (values.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
else printClosing(document, expectations, terminal);

const broken = expectations.filter(({ holds }) => !holds);
for (const { claim } of broken) process.stderr.write(`not as it should be: ${claim}\n`);
process.exitCode = broken.length > 0 ? 1 : 0;
