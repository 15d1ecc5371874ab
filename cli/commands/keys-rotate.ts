import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Policy } from '../../lambdas/domain/policy.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import type { Deployment } from '../deployment.js';
import { EXIT } from '../exit-codes.js';
import { wrongInput } from '../failure.js';
import { KEY_ARGUMENT, namedKey, shortName } from '../keys/named-key.js';
import {
  type Revoked,
  type Rotated,
  replacedKeys,
  revokeAll,
  rotateKey,
} from '../keys/rotate-key.js';
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
    .option('--timeout <minutes>', 'how long to wait', minutes, TIMEOUT_MINUTES)
    .addHelpText(
      'after',
      `
The old key goes on working until nobody uses it any more. With --compromised it is revoked as soon as
the new one is in charge, and so are older keys of that secret: services that have cached one get 401
until they read the secret again.

Examples:
  $ mistral-governance keys rotate prod-workspace/search-service-key
  $ mistral-governance keys rotate prod-workspace/search-service-key --compromised`,
    )
    .action((name: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<RotateOptions>();
      return cli.run(options, () => rotate(cli, options, name));
    });
}

function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 24 * 60) return value;
  throw new InvalidArgumentError('It must be a number of minutes, at most 1440.');
}

async function rotate(cli: Cli, options: RotateOptions, name: string): Promise<Answer> {
  const policy = openPolicy(options.policy);
  refuseInOperatorMode(policy, name);
  const planned = namedKey(policy, name);
  const { openDeployment } = await import('../deployment.js'); // the SDK takes longer than the rest
  const deployment = await openDeployment(options, cli.keys);
  const deps = {
    ...deployment,
    sleep: setTimeout,
    now: cli.now,
    tell: (line: string) => cli.progress.line(line),
  };
  const rotated = await cli.progress.during(`rotating ${shortName(planned)}`, () =>
    rotateKey(deps, planned, options.timeout * 60_000),
  );
  const revoked = options.compromised
    ? await cli.progress.during('revoking what was replaced', () =>
        revokeReplaced(deps, planned.secretName, rotated),
      )
    : undefined;
  return answerOf(planned.secretName, rotated, revoked);
}

async function revokeReplaced(
  deps: Deployment & Parameters<typeof revokeAll>[0] & Parameters<typeof replacedKeys>[0],
  secretName: string,
  { oldVersionId, newVersionId }: Rotated,
): Promise<readonly Revoked[]> {
  const { arn } = await deps.secrets.describe(secretName);
  return oldVersionId === undefined
    ? []
    : revokeAll(deps, await replacedKeys(deps, arn, newVersionId));
}

function refuseInOperatorMode({ mistral }: Policy, name: string): void {
  if (mistral.keySource !== 'operator') return;
  throw wrongInput(
    `the policy says keySource: operator, so only you can make keys: make one in Mistral's console and run mistral-governance keys supply ${name}`,
  );
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
      const lines = [`${style.paint('✓', 'good')} ${secret} has a new key in charge`];
      if (revoked === undefined) {
        if (rotated.oldVersionId) lines.push('  the old one is revoked once nobody uses it');
      } else if (revoked.length === 0) {
        lines.push('  there was no old key to revoke');
      }
      for (const { keyId, end } of revoked ?? []) {
        const isGone = end === 'revoked';
        const mark = style.paint(isGone ? '✓' : '✗', isGone ? 'good' : 'bad');
        const more = isGone ? '' : `; see governance-retirement-failed in the runbook`;
        lines.push(`${mark} old key ${keyId}: ${end}${more}`);
      }
      return `${lines.join('\n')}\n`;
    },
  };
}
