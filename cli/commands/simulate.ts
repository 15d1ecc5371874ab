import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import type { Currency } from '../../governance/platform/wording.js';
import type { Policy } from '../../governance/policy/policy.js';
import { unknown } from '../../governance/policy/policy-problem.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { wrongInput } from '../failure.js';
import { openPolicy } from '../policy-file.js';
import { readBill } from '../simulation/bill-file.js';
import { billText } from '../simulation/bill-text.js';
import { replayBill } from '../simulation/replay-bill.js';
import { type Simulation, simulate } from '../simulation/simulate.js';
import { simulationText } from '../simulation/simulation-text.js';
import { textLines } from '../simulation/text-lines.js';
import { usageLines } from '../simulation/usage-file.js';
import { RECORD_FIELDS } from '../simulation/usage-record.js';

interface SimulateOptions extends CommonOptions {
  readonly usage: string;
  readonly workspace?: string;
}

export function registerSimulate(program: Command, cli: Cli): void {
  program
    .command('simulate')
    .description('replay requests of the past: what would have been refused, alerted and rotated')
    .requiredOption(
      '--usage <file>',
      'requests, one a line, as JSON or CSV; - reads them from stdin',
    )
    .option('--workspace <name>', "the file is Mistral's own usage report of that workspace")
    .addHelpText('after', HELP)
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<SimulateOptions>();
      return cli.run(options, async () => {
        const policy = openPolicy(options.policy);
        if (options.workspace !== undefined)
          return billAnswer(policy, options.usage, options.workspace);
        const input = options.usage === '-' ? cli.stdin : createReadStream(options.usage);
        const simulation = await cli.progress.during(`replaying ${options.usage}`, () =>
          simulate(policy, usageLines(textLines(input, options.usage))),
        );
        return answerOf(simulation, policy.mistral.currency);
      });
    });
}

const HELP = `
Each line is one request: {"at": "2026-11-24T09:30:00Z", "caller": "arn:aws:…", "model": "…",
"promptTokens": 900, "completionTokens": 150}, or the same as CSV below a line of names. Fields:
${RECORD_FIELDS.join(', ')}.
Lines are sorted by "at"; one may be up to an hour late. Other lines are left out and reported.

With --workspace, the file is one answer of Mistral's GET /v1/admin/usage for that workspace. It tells
days and no callers: budgets of days and months, alerts and rotations are all that can be replayed.

Needs no network. Exits with 1 where requests would have been refused, with 2 where a line is wrong.

Examples:
  $ mistral-governance simulate --usage requests.jsonl
  $ mistral-governance simulate --usage usage-2026-11.json --workspace ml-workspace
  $ zcat requests.csv.gz | mistral-governance simulate --usage - --policy stricter.yaml --json`;

function billAnswer(policy: Policy, path: string, name: string): Answer {
  const workspace = policy.workspaces.find((one) => one.name === name);
  if (!workspace) {
    const names = policy.workspaces.map((one) => one.name);
    throw wrongInput(unknown('workspace', name, names));
  }
  const { currency } = policy.mistral;
  const bill = replayBill(policy, workspace, readBill(path, currency));
  return {
    document: { currency, ...bill },
    exitCode: bill.exceeded.length > 0 ? EXIT.no : EXIT.ok,
    text: (style) => billText(bill, currency, style),
  };
}

function answerOf(simulation: Simulation, currency: Currency): Answer {
  return {
    document: { currency, ...simulation },
    exitCode: exitCodeOf(simulation),
    text: (style) => simulationText(simulation, currency, style),
  };
}

function exitCodeOf({ wrongLines, refused }: Simulation): ExitCode {
  if (wrongLines.count > 0) return EXIT.wrong;
  return refused > 0 ? EXIT.no : EXIT.ok;
}
