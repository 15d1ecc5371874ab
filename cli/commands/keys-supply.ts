import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { isFirstKey } from '../../governance/keys/operator/operator-secret.js';
import { describeExisting } from '../../governance/keys/stored-keys.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT, wrongInput } from '../failure.js';
import { KEY_ARGUMENT, namedKey, requireKeySource } from '../keys/named-key.js';
import { heldBecause, rotationHeld } from '../keys/rotate-key.js';
import {
  createStepRunner,
  type KeyRequest,
  type RunStep,
  type Supplied,
  supplyKey,
} from '../keys/supply-key.js';
import { openDeployment } from '../open-deployment.js';
import { day, keyName, minutesUpTo } from '../option-values.js';
import { openPolicy } from '../policy-file.js';
import { verdictLine } from '../terminal/style.js';

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
    .description("verify and promote a key from Mistral's console (mistral.keySource: operator)")
    .argument('<key>', KEY_ARGUMENT)
    .option(
      '--name <name>',
      'the name of the key at Mistral, if not the requested one; required with a key from stdin',
      keyName,
    )
    .option('--expires <date>', 'when the key expires, YYYY-MM-DD, if known', day)
    .option('--replace', 'ask for a key although an earlier one is not verified yet')
    .option('--compromised', 'the current key has leaked: request its deletion at once')
    .option(
      '--wait <minutes>',
      'how long to retry a key that Mistral rejects',
      minutesUpTo(60),
      WAIT_MINUTES,
    )
    .addHelpText('after', HELP)
    .action(
      action(cli, (given, options: SupplyOptions, name?: string) =>
        given.prompts.withoutEcho(() => supply(given, options, name)),
      ),
    );
}

const HELP = `
Says how to create the key in Mistral's console, then reads it from a hidden prompt or from stdin. Never
pass it as an argument. The key is verified before it becomes current. The previous key keeps working:
its deletion is requested later, or with --compromised as soon as the new key is current. Services that
have cached a deleted key get 401 until they read the secret again.

A key that could not be verified stays pending: run the command again to continue with it, or with
--replace to supply another one.

Exits with 0 once the key is current, with 1 if it is rejected or not verified yet.

Examples:
  $ mistral-governance keys supply prod-workspace/search-service-key
  $ pass show search-key | mistral-governance keys supply search-service-key --name search-2026-04`;

async function supply(cli: Cli, options: SupplyOptions, name = ''): Promise<Answer> {
  const policy = openPolicy(options.policy);
  requireKeySource(
    policy,
    'operator',
    'rotation creates the keys: run mistral-governance keys rotate <key>',
  );
  const planned = namedKey(policy, name);
  const { stack, secrets, functions } = await openDeployment(cli, options);
  const { progress, prompts, now, sleep } = cli;
  const deps = {
    policy,
    secrets,
    runStep: withProgress(cli, createStepRunner(functions, stack.output('RotationFunctionName'))),
    report: progress.line,
    now,
    newToken: randomUUID,
    sleep: (milliseconds: number) =>
      progress.during('waiting before the next attempt', () => sleep(milliseconds)),
    askForKey(request: KeyRequest) {
      if (!prompts.isKeyTyped && options.name === undefined) {
        throw wrongInput('a key from stdin needs --name: the name of the key at Mistral');
      }
      progress.line(requestText(request));
      return prompts.readKey('Paste the key:');
    },
  };
  const compromised = options.compromised ?? false;
  const state = await describeExisting(secrets, planned.secretName);
  const reason = state && !compromised && heldBecause(state, policy, now());
  if (reason) throw rotationHeld(planned.secretName, `${reason}; supply the key then`);
  const supplied = await supplyKey(deps, {
    planned,
    keyName: options.name,
    expiresOn: options.expires,
    replace: options.replace ?? false,
    compromised,
    patienceMs: options.wait * 60_000,
  });
  return answerOf(planned.secretName, compromised, supplied);
}

function withProgress({ progress }: Cli, runStep: RunStep): RunStep {
  const doing = { testSecret: 'verifying the key', finishSecret: 'promoting the key' };
  return (step, ...rest) => progress.during(doing[step], () => runStep(step, ...rest));
}

function requestText({ keyName, workspace, expiresOn }: KeyRequest): string {
  return [
    "Create a key in Mistral's console (https://console.mistral.ai > API keys):",
    `  name       ${keyName}`,
    `  workspace  ${workspace}`,
    `  expires    ${expiresOn}, recommended`,
  ].join('\n');
}

function answerOf(secret: string, compromised: boolean, supplied: Supplied): Answer {
  const { outcome, reason, versionId } = supplied;
  const isFirst = isFirstKey(versionId);
  return {
    document: { secret, ...supplied },
    exitCode: outcome === 'promoted' ? EXIT.ok : EXIT.no,

    text(style) {
      if (outcome !== 'promoted') {
        const failed = verdictLine(false, `the key is not current: ${reason}`, style);
        return `${failed}  ${nextAttempt(outcome, isFirst)}\n`;
      }
      const done = verdictLine(true, `the new key of ${secret} is current`, style);
      return `${done}  ${previousKeyText(isFirst, compromised)}\n`;
    },
  };
}

function nextAttempt(outcome: 'rejected' | 'undecided', isFirst: boolean): string {
  if (outcome === 'undecided') {
    return 'run the command again to retry this key, or with --replace to supply another one';
  }
  return `run the command again${isFirst ? ' with --replace' : ''} to supply another one`;
}

function previousKeyText(isFirst: boolean, compromised: boolean): string {
  if (isFirst) return 'it is the first key of the secret';
  return compromised
    ? "the leaked key works until you delete it in Mistral's console: the alert deletion-needed names it"
    : 'the previous key, if any, works until you delete it: the alert deletion-needed says when';
}
