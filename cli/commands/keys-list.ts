import type { Command } from 'commander';
import { countText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { gatherKeys, gatherSuppliedKeys } from '../keys/gather-keys.js';
import type { KeyState, KeyStatus } from '../keys/key-status.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';
import { notesText, type Tone } from '../terminal/style.js';
import { type Column, left, renderTable, right } from '../terminal/table.js';

const TONES: Readonly<Record<KeyState, Tone>> = {
  ok: 'good',
  rotating: 'faint',
  held: 'faint',
  'replaced key retiring': 'faint',
  'approval needed': 'warn',
  'rotation overdue': 'warn',
  'rotation off': 'warn',
  'no key yet': 'warn',
  'not verified': 'warn',
  'key needed': 'warn',
  'not deployed': 'warn',
  'not identified': 'warn',
  expired: 'bad',
  'missing at Mistral': 'bad',
};

export function registerKeysList(group: Command, cli: Cli): void {
  group
    .command('list')
    .description('show every key of the policy: age, last use, next rotation, state')
    .addHelpText('after', HELP)
    .action(action(cli, list));
}

const HELP = `
Reads the deployed secrets, and Mistral's list of keys with the Admin API key. Without access to that key,
last uses are unknown. Exits with 1 if a key needs attention.

Examples:
  $ mistral-governance keys list
  $ mistral-governance keys list --json | jq '.keys[] | select(.state != "ok")'`;

async function list(cli: Cli, options: CommonOptions): Promise<Answer> {
  const policy = openPolicy(options.policy);
  const deployment = await openDeployment(cli, options);
  const { keys, problems } = await cli.progress.during('checking all keys', () =>
    policy.mistral.keySource === 'operator'
      ? gatherSuppliedKeys(deployment, policy, cli.now())
      : gatherKeys({ ...deployment, keySource: deployment.keySource(policy) }, policy, cli.now()),
  );
  const needsAttention = keys.some(({ state }) => ['warn', 'bad'].includes(TONES[state]));
  return {
    document: { keys, problems },
    exitCode: needsAttention ? EXIT.no : EXIT.ok,

    text: (style) => renderTable(keys, style, COLUMNS) + notesText(problems, style),
  };
}

const COLUMNS: readonly Column<KeyStatus>[] = [
  left('key', ({ key }) => key),
  left('workspace', ({ workspace }) => workspace),
  right('age', ({ ageDays }) => (ageDays === undefined ? '–' : countText(ageDays, 'day'))),
  left('last used', ({ lastUsedOn, keyId }) => lastUsedOn ?? (keyId === undefined ? '–' : 'never')),
  left('next rotation', ({ nextRotationAt }) => nextRotationAt?.toISOString().slice(0, 10) ?? '–'),
  left('state', ({ state }) => ({ text: state, tone: TONES[state] })),
];
