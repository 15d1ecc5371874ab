import { Command, Option, type OutputConfiguration } from 'commander';
import { PACKAGE_NAME, packageVersion } from '../governance/platform/package-version.js';
import type { Cli } from './cli.js';
import { registerAudit } from './commands/audit.js';
import { registerExplain } from './commands/explain.js';
import { registerInit } from './commands/init.js';
import { registerKeysApprove } from './commands/keys-approve.js';
import { registerKeysList } from './commands/keys-list.js';
import { registerKeysRotate } from './commands/keys-rotate.js';
import { registerKeysSupply } from './commands/keys-supply.js';
import { registerPolicyCheck } from './commands/policy-check.js';
import { registerPolicyDiff } from './commands/policy-diff.js';
import { registerPrices } from './commands/prices.js';
import { registerProxy } from './commands/proxy.js';
import { registerSimulate } from './commands/simulate.js';
import { registerSpend } from './commands/spend.js';
import { registerWhoami } from './commands/whoami.js';
import { registerWorkspacesSync } from './commands/workspaces-sync.js';
import { EXIT_CODES_HELP } from './failure.js';

const EXAMPLES = `Examples:
  $ mistral-governance policy check
  $ mistral-governance explain arn:aws:iam::111122223333:role/analyst mistral-small-latest --tokens 400
  $ mistral-governance simulate --usage requests.jsonl --json
  $ mistral-governance workspaces sync --yes`;

/** Every command, its options and its help. Throws a CommanderError instead of ending the process. */
export function createProgram(cli: Cli, output: OutputConfiguration = {}): Command {
  const program: Command = new Command(PACKAGE_NAME)
    .exitOverride()
    .configureOutput(output) // before the first command, since commands inherit it
    .description('Mistral AI keys, budgets and access under one policy')
    .version(packageVersion(import.meta.dirname))
    .option('--policy <file>', 'the policy file', 'governance.yaml')
    .addOption(new Option('--stack <name>', 'the deployed stack (default: MistralGovernance)'))
    .addOption(
      new Option('--environment <name>', 'the stack MistralGovernance-<name>').conflicts('stack'),
    )
    .option('--region <region>', 'the AWS region (default: as for the AWS CLI)')
    .option('--profile <profile>', 'the AWS profile (default: as for the AWS CLI)')
    .option('--json', 'print one JSON document and nothing else')
    .configureHelp({
      showGlobalOptions: true,
      // Those of a parent such as `audit` are not for its subcommands.
      visibleGlobalOptions: (command) => (command.parent ? [...program.options] : []),
    })
    .addHelpText('after', `\n${EXIT_CODES_HELP}\n\n${EXAMPLES}`);

  registerInit(program, cli);
  const policy = program.command('policy').description('the policy file');
  registerPolicyCheck(policy, cli);
  registerPolicyDiff(policy, cli);
  const keys = program.command('keys').description('the keys of the policy, as deployed');
  registerKeysList(keys, cli);
  registerKeysRotate(keys, cli);
  registerKeysApprove(keys, cli);
  registerKeysSupply(keys, cli);
  registerAudit(program, cli);
  registerSpend(program, cli);
  registerPrices(program, cli);
  registerExplain(program, cli);
  registerSimulate(program, cli);
  registerProxy(program, cli);
  registerWhoami(program, cli);
  const workspaces = program.command('workspaces').description('the workspaces at Mistral');
  registerWorkspacesSync(workspaces, cli);
  return program;
}
