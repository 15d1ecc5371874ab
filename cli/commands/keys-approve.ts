import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { openDeployment } from '../deployment.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { KEY_ARGUMENT, namedKey, shortName } from '../keys/named-key.js';
import type { RunningRetirement } from '../keys/retirement-flows.js';
import { type Revoked, retirementsOf, revokeAll } from '../keys/rotate-key.js';
import { openPolicy } from '../policy-file.js';

interface ApproveOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function registerKeysApprove(group: Command, cli: Cli): void {
  group
    .command('approve')
    .description('revoke the old key of a secret now, whether somebody still uses it or not')
    .argument('<key>', KEY_ARGUMENT)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
For a key that is held, see the alert approval-needed: whoever still uses the old key gets 401. Also
ends the wait of an old key that nobody holds.

Examples:
  $ mistral-governance keys approve prod-workspace/search-service-key
  $ mistral-governance keys approve prod-workspace/search-service-key --yes --json`,
    )
    .action((name: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<ApproveOptions>();
      return cli.run(options, () => approve(cli, options, name));
    });
}

async function approve(cli: Cli, options: ApproveOptions, name: string): Promise<Answer> {
  const planned = namedKey(openPolicy(options.policy), name);
  const { secrets, flows } = await openDeployment(options);
  const deps = {
    flows,
    sleep: setTimeout,
    now: cli.now,
    tell: (line: string) => cli.progress.line(line),
  };
  const waiting = await cli.progress.during('looking for old keys', async () => {
    const { arn } = await secrets.describe(planned.secretName);
    return retirementsOf(deps, arn);
  });
  if (waiting.length === 0) {
    throw new CommandFailure(
      'nothing_to_approve',
      EXIT.no,
      `no old key of ${shortName(planned)} waits to be revoked`,
    );
  }
  await askFirst(cli, options, waiting);
  const revoked = await cli.progress.during('revoking', () => revokeAll(deps, waiting));
  return answerOf(planned.secretName, revoked);
}

async function askFirst(
  { questions }: Cli,
  { yes }: ApproveOptions,
  waiting: readonly RunningRetirement[],
): Promise<void> {
  if (yes) return;
  const keys = waiting.map(({ retirement: { oldKeyId, promotedAt } }) => {
    const day = promotedAt.slice(0, 10);
    return `key ${oldKeyId}, replaced on ${day}`;
  });
  const what = keys.join('; ');
  if (!questions.canAsk) {
    throw new CommandFailure(
      'not_confirmed',
      EXIT.no,
      `this would revoke ${what}: say --yes to do so`,
    );
  }
  const isWanted = await questions.confirm(
    `Revoke ${what}? Whoever still uses it is refused at once.`,
  );
  if (!isWanted) throw new CommandFailure('not_confirmed', EXIT.no, 'nothing was revoked');
}

function answerOf(secret: string, revoked: readonly Revoked[]): Answer {
  return {
    document: { secret, revoked },
    exitCode: revoked.every(({ end }) => end === 'revoked') ? EXIT.ok : EXIT.no,

    text(style) {
      return revoked
        .map(({ keyId, end }) =>
          end === 'revoked'
            ? `${style.paint('✓', 'good')} old key ${keyId} of ${secret} is revoked\n`
            : `${style.paint('✗', 'bad')} old key ${keyId} of ${secret}: ${end}; see governance-retirement-failed in the runbook\n`,
        )
        .join('');
    },
  };
}
