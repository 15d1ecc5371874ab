import type { Command } from 'commander';
import { oneLine } from '../../governance/platform/quoting.js';
import { listText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { requireYes } from '../confirmation.js';
import { CommandFailure, EXIT, wrongInput } from '../failure.js';
import { KEY_ARGUMENT, requireKeySource, shortName } from '../keys/named-key.js';
import type { RunningRetirement } from '../keys/retirement-flows.js';
import { areRevoked, revokeAll, revokedText } from '../keys/revoke-keys.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';

interface ApproveOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function registerKeysApprove(group: Command, cli: Cli): void {
  group
    .command('approve')
    .description('revoke the replaced key of a secret now, even if it is still in use')
    .argument('<key>', KEY_ARGUMENT)
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', HELP)
    .action(action(cli, approve));
}

const HELP = `
For the alert approval-needed: services that still use the replaced key get 401 from now on. Also revokes
a replaced key that still waits for a day without use.

Examples:
  $ mistral-governance keys approve prod-workspace/search-service-key
  $ mistral-governance keys approve prod-workspace/search-service-key --yes --json`;

async function approve(cli: Cli, options: ApproveOptions, name = ''): Promise<Answer> {
  requireKeySource(
    openPolicy(options.policy),
    'admin-api',
    "only an administrator can delete a key: delete it in Mistral's console (https://console.mistral.ai > API keys); the alert deletion-needed names it, and key-revoked follows when Mistral rejects it",
  );
  const { flows } = await openDeployment(cli, options);
  const running = await cli.progress.during('looking up replaced keys', () => flows.running());
  const waiting = waitingFor(running, name);
  await requireApproval(cli, options, waiting);
  const deps = { flows, now: cli.now, report: cli.progress.line };
  const revoked = await cli.progress.during('revoking', () => revokeAll(deps, waiting));
  return {
    document: { secret: waiting[0]?.retirement.secretName, revoked },
    exitCode: areRevoked(revoked) ? EXIT.ok : EXIT.no,
    text: (style) => revokedText(revoked, style),
  };
}

/** Searches the running retirements, not the policy: keys that were removed from it wait too. */
function waitingFor(
  running: readonly RunningRetirement[],
  name: string,
): readonly RunningRetirement[] {
  const secretNames = [...new Set(running.map(({ retirement }) => retirement.secretName))].sort();
  const wanted = `/${shortName(name)}`;
  const found = secretNames.filter((one) => `/${shortName(one)}`.endsWith(wanted));
  if (found.length > 1) {
    throw wrongInput('replaced keys of several secrets of that name wait; specify which one:', {
      problems: found.map(shortName),
    });
  }
  if (found.length === 0) {
    // The message does not repeat the name: it may be a key by mistake.
    throw new CommandFailure(
      'nothing_to_approve',
      EXIT.no,
      `no replaced key of that name waits to be revoked${running.length > 0 ? '; waiting are:' : ''}`,
      { problems: secretNames.map(shortName) },
    );
  }
  return running.filter(({ retirement }) => retirement.secretName === found[0]);
}

/** @throws CommandFailure unless the user agrees */
async function requireApproval(
  cli: Cli,
  { yes }: ApproveOptions,
  waiting: readonly RunningRetirement[],
): Promise<void> {
  const keys = waiting.map(({ retirement: { oldKeyId, promotedAt, reason } }) => {
    const what = reason === 'replaced' ? 'replaced' : 'removed from the policy';
    return `key ${oldKeyId}, ${what} on ${promotedAt.slice(0, 10)}`;
  });
  const what = oneLine(listText(keys));
  await requireYes(cli, yes, {
    would: `revoke ${what}`,
    warning: `This revokes ${what}. Services that still use it get 401 at once.`,
    question: 'Revoke now?',
    declined: 'nothing was revoked',
  });
}
