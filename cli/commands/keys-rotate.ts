import type { Command } from 'commander';
import type { Policy } from '../../governance/policy/policy.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { requireYes } from '../confirmation.js';
import { EXIT, failureAfter } from '../failure.js';
import { KEY_ARGUMENT, namedKey, requireKeySource, shortName } from '../keys/named-key.js';
import { areRevoked, type Revoked, revokedText } from '../keys/revoke-keys.js';
import { type Rotated, revokeReplaced, rotateKey } from '../keys/rotate-key.js';
import { openDeployment } from '../open-deployment.js';
import { minutesUpTo } from '../option-values.js';
import { openPolicy } from '../policy-file.js';
import { verdictLine } from '../terminal/style.js';

interface RotateOptions extends CommonOptions {
  readonly compromised?: boolean;
  readonly now?: boolean;
  readonly yes?: boolean;
  readonly timeout: number;
}

const TIMEOUT_MINUTES = 20;

export function registerKeysRotate(group: Command, cli: Cli): void {
  group
    .command('rotate')
    .description('replace a key now, and wait until the new one is current')
    .argument('<key>', KEY_ARGUMENT)
    .option('--compromised', 'the key has leaked: revoke it at once, even if it is in use')
    .option('--now', 'also outside of rotation.window and in a freeze')
    .option('--yes', 'do not ask for confirmation, which --compromised needs')
    .option('--timeout <minutes>', 'how long to wait', minutesUpTo(1440), TIMEOUT_MINUTES)
    .addHelpText('after', HELP)
    .action(action(cli, rotate));
}

const HELP = `
The previous key keeps working, and is revoked once it has not been used for rotation.quietDays. With
--compromised it is revoked as soon as the new key is current, and so are earlier keys of that secret that
are not revoked yet. Services with a cached key get 401 until they read the secret again. If the command
is interrupted before that, run keys approve, or run it again. It asks first; --yes answers.

Outside of rotation.window and in a freeze, only --compromised and --now replace a key.

Examples:
  $ mistral-governance keys rotate prod-workspace/search-service-key
  $ mistral-governance keys rotate prod-workspace/search-service-key --compromised --yes`;

async function rotate(cli: Cli, options: RotateOptions, name = ''): Promise<Answer> {
  const policy = openPolicy(options.policy);
  const { secretName } = namedKey(policy, name);
  requireAdminApi(policy, secretName, options);
  const { progress, now, sleep } = cli;
  const deployment = await openDeployment(cli, options);
  if (options.compromised) {
    await requireYes(cli, options.yes, {
      would: `replace the key of ${secretName} and revoke it at once`,
      warning: `This replaces the key of ${secretName} and revokes it at once. Services that have cached it get 401 until they read the secret again.`,
      question: 'Rotate and revoke now?',
      declined: 'nothing was rotated',
    });
  }
  const deps = { ...deployment, policy, sleep, now, report: progress.line };
  const isUrgent = options.compromised || options.now || false;
  const rotated = await progress.during(`rotating ${shortName(secretName)}`, () =>
    rotateKey(deps, secretName, { timeoutMs: options.timeout * 60_000, isUrgent }),
  );
  if (!options.compromised) return answerOf(secretName, rotated, undefined);
  try {
    const revoked = await progress.during('revoking the replaced key', () =>
      revokeReplaced(deps, secretName, rotated),
    );
    return answerOf(secretName, rotated, revoked);
  } catch (error) {
    throw failureAfter(
      error,
      { secret: secretName, ...rotated },
      `the new key is current, but the leaked key may still be valid: run mistral-governance keys approve ${shortName(secretName)}`,
    );
  }
}

function requireAdminApi(policy: Policy, secretName: string, { compromised }: RotateOptions): void {
  const supply = `mistral-governance keys supply ${shortName(secretName)}`;
  const instead = compromised
    ? 'only an administrator can create and delete keys; to replace a leaked key:'
    : `only an administrator can create keys: run ${supply}, which says how`;
  const steps = [
    `1. supply a new key: ${supply} --compromised`,
    "2. once the new key is current, delete the leaked key in Mistral's console; the alert deletion-needed names it, and key-revoked follows when Mistral rejects it",
  ];
  requireKeySource(policy, 'admin-api', instead, compromised ? steps : undefined);
}

function answerOf(
  secret: string,
  rotated: Rotated,
  revoked: readonly Revoked[] | undefined,
): Answer {
  return {
    document: { secret, ...rotated, revoked },
    exitCode: areRevoked(revoked ?? []) ? EXIT.ok : EXIT.no,

    text(style) {
      const done = verdictLine(true, `the new key of ${secret} is current`, style);
      if (!rotated.oldVersionId) return `${done}  it is the first key of the secret\n`;
      const next = '  the previous key keeps working, and is revoked once it is no longer used\n';
      return done + (revoked ? revokedText(revoked, style) : next);
    },
  };
}
