import { parseArgs } from 'node:util';
import { loadPolicy } from '../governance/policy/load-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { printClosing } from './closing-table.js';
import { missingCast } from './hundred-days.js';
import { operatorCast } from './operator-story.js';
import { runLocally, START } from './run.js';
import { runOperatorStory } from './run-operator.js';
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
const isSupplied = policy.mistral.keySource === 'operator';
const missing = isSupplied ? missingFromOperators(policy) : missingFromShipped(policy);
if (missing !== undefined) {
  console.error(`${values.policy} ${missing}`);
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

const { document, expectations } = await (isSupplied ? runOperatorStory : runLocally)({
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

/** What keeps a policy from being played; `undefined` where nothing does. */
function missingFromShipped(policy: Policy): string | undefined {
  const missing = missingCast(policy);
  if (missing.length === 0) return undefined;
  return `is not the policy as shipped: the story of the hundred days needs ${missing.join(', ')}. Keep a copy of the shipped policy and name it with --policy.`;
}

function missingFromOperators(policy: Policy): string | undefined {
  if (operatorCast(policy)) return undefined;
  return 'has fewer than three keys: the story of the operator needs three. Name examples/operator.yaml with --policy.';
}
