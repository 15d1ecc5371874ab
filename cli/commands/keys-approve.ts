import type { Command } from 'commander';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure, wrongInput } from '../failure.js';
import { KEY_ARGUMENT } from '../keys/named-key.js';
import type { RunningRetirement } from '../keys/retirement-flows.js';
import { revokedText } from '../keys/revoked-text.js';
import { type Revoked, revokeAll } from '../keys/rotate-key.js';
import { refuseWithOperator } from '../keys/who-makes-keys.js';
import { openDeployment } from '../open-deployment.js';
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
  refuseWithOperator(
    openPolicy(options.policy),
    "only you can revoke a key: delete it in Mistral's console (https://console.mistral.ai > API keys); alert deletion-needed names it, and key-revoked follows when Mistral refuses it",
  );
  const { flows } = await cli.progress.during('looking for the stack', () =>
    openDeployment(options, cli.keys),
  );
  const running = await cli.progress.during('looking for old keys', () => flows.running());
  const { secretName, waiting } = ofSecret(running, name);
  await askFirst(cli, options, waiting);
  const deps = { flows, now: cli.now, tell: (line: string) => cli.progress.line(line) };
  const revoked = await cli.progress.during('revoking', () => revokeAll(deps, waiting));
  return answerOf(secretName, revoked);
}

interface Waiting {
  readonly secretName: string;
  readonly waiting: readonly RunningRetirement[];
}

/** By what waits, not by the policy: a key that left it waits too. */
function ofSecret(running: readonly RunningRetirement[], name: string): Waiting {
  const wanted = name.replace(/^mistral\//, '');
  const secretNames = [...new Set(running.map(({ retirement }) => retirement.secretName))].sort();
  const found = secretNames.filter((one) => `/${shortOf(one)}`.endsWith(`/${wanted}`));
  const [secretName] = found;
  if (found.length > 1) {
    throw wrongInput('old keys of several secrets of that name wait; say which one:', {
      problems: found.map(shortOf),
    });
  }
  if (secretName === undefined) {
    // What was given is not repeated: it may be a key all the same.
    throw new CommandFailure(
      'nothing_to_approve',
      EXIT.no,
      `no old key of that name waits to be revoked${running.length > 0 ? '; these do:' : ''}`,
      { problems: secretNames.map(shortOf) },
    );
  }
  const waiting = running.filter(({ retirement }) => retirement.secretName === secretName);
  return { secretName, waiting };
}

/** As people type it. */
function shortOf(secretName: string): string {
  return secretName.replace(/^mistral\//, '');
}

async function askFirst(
  { questions }: Cli,
  { yes }: ApproveOptions,
  waiting: readonly RunningRetirement[],
): Promise<void> {
  if (yes) return;
  const keys = waiting.map(({ retirement: { oldKeyId, promotedAt, reason } }) => {
    const day = promotedAt.slice(0, 10);
    return `key ${oldKeyId}, ${reason === 'replaced' ? 'replaced' : 'removed from the policy'} on ${day}`;
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

    text: (style) => revokedText(revoked, style),
  };
}
