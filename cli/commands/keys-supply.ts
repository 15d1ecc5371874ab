import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { isFirstKey } from '../../governance/keys/operator/operator-secret.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { wrongInput } from '../failure.js';
import { KEY_ARGUMENT, namedKey } from '../keys/named-key.js';
import { type KeyRequest, type Supplied, type SupplyWish, supplyKey } from '../keys/supply-key.js';
import { createSupplySteps, type SupplySteps } from '../keys/supply-steps.js';
import { refuseWithAdminApi } from '../keys/who-makes-keys.js';
import { minutesUpTo } from '../minutes.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';

interface SupplyOptions extends CommonOptions {
  readonly name?: string;
  readonly expires?: string;
  readonly replace?: boolean;
  readonly compromised?: boolean;
  readonly wait: number;
}

const WAIT_MINUTES = 10;

export function registerKeysSupply(group: Command, cli: Cli): void {
  group
    .command('supply')
    .description("put a key made in Mistral's console in charge (mistral.keySource: operator)")
    .argument('<key>', KEY_ARGUMENT)
    .option(
      '--name <name>',
      'what the key is called at Mistral, if not as asked for; needed with a key from stdin',
      consoleName,
    )
    .option('--expires <date>', 'when it expires, YYYY-MM-DD, if known', day)
    .option('--replace', 'ask for a key although one supplied before is not verified yet')
    .option('--compromised', 'the key in charge has leaked: ask for its deletion at once')
    .option(
      '--wait <minutes>',
      'how long to try a key that Mistral refuses',
      minutesUpTo(60),
      WAIT_MINUTES,
    )
    .addHelpText(
      'after',
      `
Says how to name the key and when it should expire, then asks for it at a hidden prompt, or takes it
from stdin; never give it as an argument. The key is verified before it takes over, and the one before
it goes on working: its deletion is asked for later. With --compromised it is asked for as soon as the
new key is in charge; services that have cached the old one get 401 until they read the secret again. A key that could not be verified stays pending:
run the command again to go on with it, with --replace to give another.

Exits with 0 once the key is in charge, with 1 where it is refused or not verified yet.

Examples:
  $ mistral-governance keys supply prod-workspace/search-service-key
  $ pass show search-key | mistral-governance keys supply search-service-key --name search-2026-04`,
    )
    .action((name: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<SupplyOptions>();
      return cli.run(options, () => supply(cli, options, name));
    });
}

function day(text: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  if (!Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) && text.length === 10)
    return text;
  throw new InvalidArgumentError('It must be a day such as 2026-11-30.');
}

/** Keys at Mistral are 32 letters and digits; other characters are what names are made with. */
const LIKE_A_KEY = /^[A-Za-z0-9]{32,}$/;

/** It becomes part of alerts and of commands in them, where a key given by mistake must not be. */
function consoleName(text: string): string {
  if (LIKE_A_KEY.test(text)) {
    throw new InvalidArgumentError('It looks like a key: give the name that the key has.');
  }
  if (/^[\w .:@+-]{1,128}$/.test(text) && text.trim() === text) return text;
  throw new InvalidArgumentError('It must be 1 to 128 letters, digits, spaces and _ . : @ + -');
}

async function supply(cli: Cli, options: SupplyOptions, name: string): Promise<Answer> {
  const policy = openPolicy(options.policy);
  refuseWithAdminApi(
    policy,
    'keys are made by their rotation, mistral-governance keys rotate <key>',
  );
  const planned = namedKey(policy, name);
  const { stack, secrets, functions } = await cli.progress.during('looking for the stack', () =>
    openDeployment(options, cli.keys),
  );
  const deps = {
    policy,
    secrets,
    steps: stepsInSight(cli, createSupplySteps(functions, stack.output('RotationFunctionName'))),
    tell: (line: string) => cli.progress.line(line),
    now: cli.now,
    newToken: randomUUID,
    sleep: (milliseconds: number) =>
      cli.progress.during('waiting before another try', () => setTimeout(milliseconds)),
    askForKey(request: KeyRequest) {
      refuseUnnamed(cli, options);
      cli.progress.line(requestText(request));
      return cli.readKey('Paste the key (it is not shown): ');
    },
  };
  const wish = {
    planned,
    keyName: options.name,
    expiresOn: options.expires,
    replace: options.replace ?? false,
    compromised: options.compromised ?? false,
    patienceMs: options.wait * 60_000,
  };
  return answerOf(wish, await supplyKey(deps, wish));
}

function stepsInSight({ progress }: Cli, steps: SupplySteps): SupplySteps {
  const doing = { testSecret: 'verifying the key', finishSecret: 'putting it in charge' };
  return {
    run: (step, ...rest) => progress.during(doing[step], () => steps.run(step, ...rest)),
  };
}

/** A piped key was made before anything could say how to name it. */
function refuseUnnamed({ isKeyTyped }: Cli, { name }: SupplyOptions): void {
  if (isKeyTyped || name !== undefined) return;
  throw wrongInput('a key from stdin must come with --name: what it is called at Mistral');
}

function requestText({ keyName, workspace, expiresOn }: KeyRequest): string {
  return [
    "Create a key in Mistral's console (https://console.mistral.ai > API keys):",
    `  name       ${keyName}`,
    `  workspace  ${workspace}`,
    `  expires    ${expiresOn}, recommended`,
  ].join('\n');
}

function answerOf({ planned, compromised }: SupplyWish, supplied: Supplied): Answer {
  const secret = planned.secretName;
  const { outcome, reason, versionId } = supplied;
  return {
    document: { secret, ...supplied },
    exitCode: outcome === 'in charge' ? EXIT.ok : EXIT.no,

    text(style) {
      if (outcome === 'in charge') {
        return `${style.paint('✓', 'good')} ${secret} has a new key in charge\n  ${beforeIt(supplied, compromised)}\n`;
      }
      const next =
        outcome === 'refused'
          ? isFirstKey(versionId)
            ? 'run the command again with --replace to supply another'
            : 'run the command again to supply another'
          : 'run the command again to try it again, or with --replace to supply another';
      return `${style.paint('✗', 'bad')} the key is not in charge: ${reason}\n  ${next}\n`;
    },
  };
}

function beforeIt({ versionId }: Supplied, compromised: boolean): string {
  if (isFirstKey(versionId)) return 'there was no key in charge before it';
  return compromised
    ? "the leaked key works until you delete it in Mistral's console: alert deletion-needed names it"
    : 'the one before it, if any, works until you are asked to delete it';
}
