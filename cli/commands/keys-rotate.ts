import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { failureAfter } from '../failure.js';
import { KEY_ARGUMENT, namedKey, shortName } from '../keys/named-key.js';
import { revokedText } from '../keys/revoked-text.js';
import { type Revoked, type Rotated, revokeReplaced, rotateKey } from '../keys/rotate-key.js';
import { refuseWithOperator } from '../keys/who-makes-keys.js';
import { minutesUpTo } from '../minutes.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';

interface RotateOptions extends CommonOptions {
  readonly compromised?: boolean;
  readonly timeout: number;
}

const TIMEOUT_MINUTES = 20;

export function registerKeysRotate(group: Command, cli: Cli): void {
  group
    .command('rotate')
    .description('replace a key now, and wait until the new one is in charge')
    .argument('<key>', KEY_ARGUMENT)
    .option('--compromised', 'the key has leaked: revoke it at once, in use or not')
    .option('--timeout <minutes>', 'how long to wait', minutesUpTo(1440), TIMEOUT_MINUTES)
    .addHelpText(
      'after',
      `
The old key goes on working until nobody uses it any more. With --compromised it is revoked as soon as
the new one is in charge, and so are older keys of that secret: services that have cached one get 401
until they read the secret again. Interrupted before that, run keys approve, or the command again.

Examples:
  $ mistral-governance keys rotate prod-workspace/search-service-key
  $ mistral-governance keys rotate prod-workspace/search-service-key --compromised`,
    )
    .action((name: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<RotateOptions>();
      return cli.run(options, () => rotate(cli, options, name));
    });
}

async function rotate(cli: Cli, options: RotateOptions, name: string): Promise<Answer> {
  const policy = openPolicy(options.policy);
  const planned = namedKey(policy, name);
  refuseRotation(policy, planned, options);
  const deployment = await cli.progress.during('looking for the stack', () =>
    openDeployment(options, cli.keys),
  );
  const deps = {
    ...deployment,
    sleep: setTimeout,
    now: cli.now,
    tell: (line: string) => cli.progress.line(line),
  };
  const { secretName } = planned;
  const rotated = await cli.progress.during(`rotating ${shortName(planned)}`, () =>
    rotateKey(deps, planned, options.timeout * 60_000),
  );
  if (!options.compromised) return answerOf(secretName, rotated, undefined);
  try {
    const revoked = await cli.progress.during('revoking what was replaced', () =>
      revokeReplaced(deps, secretName, rotated),
    );
    return answerOf(secretName, rotated, revoked);
  } catch (error) {
    throw failureAfter(
      error,
      { secret: secretName, ...rotated },
      `a new key is in charge, and the leaked one is not known to be revoked: run mistral-governance keys approve ${shortName(planned)}`,
    );
  }
}

function refuseRotation(policy: Policy, planned: PlannedKey, { compromised }: RotateOptions): void {
  const supply = `mistral-governance keys supply ${shortName(planned)}`;
  if (!compromised) {
    refuseWithOperator(policy, `only you can make keys: run ${supply}, which says how`);
    return;
  }
  refuseWithOperator(policy, 'only you can make and delete keys; of a leaked key:', [
    `1. put a new key in its place: ${supply} --compromised`,
    "2. once that is in charge, delete the leaked key in Mistral's console; alert deletion-needed names it, and key-revoked follows when Mistral refuses it",
  ]);
}

function answerOf(
  secret: string,
  rotated: Rotated,
  revoked: readonly Revoked[] | undefined,
): Answer {
  const isDone = revoked === undefined || revoked.every(({ end }) => end === 'revoked');
  return {
    document: { secret, ...rotated, revoked },
    exitCode: isDone ? EXIT.ok : EXIT.no,

    text(style) {
      const done = `${style.paint('✓', 'good')} ${secret} has a new key in charge\n`;
      if (!rotated.oldVersionId) return `${done}  there was no key before it\n`;
      return (
        done +
        (revoked ? revokedText(revoked, style) : '  the old one is revoked once nobody uses it\n')
      );
    },
  };
}
