import type { Command } from 'commander';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { gatherKeys, type KeyInventory } from '../keys/gather-keys.js';
import type { KeyState, KeyStatus } from '../keys/key-status.js';
import { gatherSuppliedKeys } from '../keys/supplied-keys.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';
import { notesText, type Tone } from '../terminal/style.js';
import { type Cell, renderTable } from '../terminal/table.js';

const TONES: Readonly<Record<KeyState, Tone>> = {
  ok: 'good',
  rotating: 'faint',
  'old key retiring': 'faint',
  'old key held': 'warn',
  'rotation overdue': 'warn',
  'rotation off': 'warn',
  'no key yet': 'warn',
  'not verified': 'warn',
  'key needed': 'warn',
  'not deployed': 'warn',
  expired: 'bad',
  'missing at Mistral': 'bad',
};

export function registerKeysList(group: Command, cli: Cli): void {
  group
    .command('list')
    .description('show every key of the policy: age, last use, next rotation, state')
    .addHelpText(
      'after',
      `
Reads the deployed secrets, and Mistral's list of keys with the Admin API key. Without access to the
latter, last uses are not known. Exits with 1 where a key needs somebody's hand.

Examples:
  $ mistral-governance keys list
  $ mistral-governance keys list --json | jq '.keys[] | select(.state != "ok")'`,
    )
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      return cli.run(options, async () => {
        const policy = openPolicy(options.policy);
        const now = cli.now();
        const inventory = await cli.progress.during('looking at every key', async () => {
          const { secrets, versions, flows, keySource } = await openDeployment(options, cli.keys);
          if (policy.mistral.keySource === 'operator') {
            return gatherSuppliedKeys({ secrets, versions, flows }, policy, now);
          }
          return gatherKeys({ secrets, flows, keySource: keySource(policy) }, policy, now);
        });
        return answerOf(inventory);
      });
    });
}

function answerOf({ keys, problems }: KeyInventory): Answer {
  const needsHand = keys.some(({ state }) => TONES[state] === 'warn' || TONES[state] === 'bad');
  return {
    document: { keys, problems },
    exitCode: needsHand ? EXIT.no : EXIT.ok,

    text(style) {
      const table = renderTable(
        [
          { title: 'key' },
          { title: 'workspace' },
          { title: 'age', align: 'right' },
          { title: 'last used' },
          { title: 'next rotation' },
          { title: 'state' },
        ],
        keys.map(row),
        style,
      );
      return table + notesText(problems, style);
    },
  };
}

function row({
  key,
  workspace,
  keyId,
  ageDays,
  lastUsedOn,
  nextRotationAt,
  state,
}: KeyStatus): Cell[] {
  return [
    key,
    workspace,
    ageDays === undefined ? '–' : `${ageDays} d`,
    lastUsedOn ?? (keyId === undefined ? '–' : 'never'),
    nextRotationAt?.toISOString().slice(0, 10) ?? '–',
    { text: state, tone: TONES[state] },
  ];
}
