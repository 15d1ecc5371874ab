import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { unknownText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT, type ExitCode, wrongInput } from '../failure.js';
import { openPolicy } from '../policy-file.js';
import { readBill } from '../simulation/bill-file.js';
import { replayBill } from '../simulation/replay-bill.js';
import { type Simulation, simulate } from '../simulation/simulate.js';
import { billText, simulationText } from '../simulation/simulation-text.js';
import { readUsage } from '../simulation/usage-file.js';
import { RECORD_FIELDS } from '../simulation/usage-record.js';

interface SimulateOptions extends CommonOptions {
  readonly usage: string;
  readonly workspace?: string;
}

export function registerSimulate(program: Command, cli: Cli): void {
  program
    .command('simulate')
    .description(
      'replay past requests: which would have been refused, which alerts sent, which keys rotated',
    )
    .requiredOption('--usage <file>', 'past requests as JSON, JSON lines or CSV; - reads stdin')
    .option('--workspace <name>', "the file is Mistral's own usage report of that workspace")
    .addHelpText('after', HELP)
    .action(action(cli, replay));
}

const HELP = `
A request is {"at": "2026-11-24T09:30:00Z", "caller": "arn:aws:…", "model": "…", "promptTokens": 900,
"completionTokens": 150}: one per line, in an array, or as CSV below a header line, separated by commas,
semicolons or tabs. Fields: ${RECORD_FIELDS.join(', ')}.
Requests are sorted by "at"; one may be up to an hour late. Others are skipped and reported by their line.

With --workspace, the file is one answer of Mistral's GET /v1/admin/usage for that workspace. It has days
and no callers, so only daily and monthly budgets, alerts and rotations can be replayed.

Needs no network. Exits with 1 if requests would have been refused, with 2 if a line is
invalid or there is no request at all.

Examples:
  $ mistral-governance simulate --usage requests.jsonl
  $ mistral-governance simulate --usage usage-2026-11.json --workspace ml-workspace
  $ zcat requests.csv.gz | mistral-governance simulate --usage - --policy stricter.yaml --json`;

async function replay(cli: Cli, options: SimulateOptions): Promise<Answer> {
  const { usage: path, workspace } = options;
  if (workspace !== undefined) return replayReport(options, workspace);
  const policy = openPolicy(options.policy);
  const { currency } = policy.mistral;
  const input = path === '-' ? cli.stdin : createReadStream(path);
  const simulation = await cli.progress.during(`replaying ${path}`, () =>
    simulate(policy, readUsage(input, path)),
  );
  if (simulation.requests === 0 && simulation.wrongLines.count === 0) {
    throw wrongInput(`usage ${path} holds no requests: expected are JSON, JSON lines or CSV`);
  }
  return {
    document: { currency, ...simulation },
    exitCode: exitCodeOf(simulation),
    text: (style) => simulationText(simulation, currency, style),
  };
}

function replayReport({ policy: policyPath, usage }: SimulateOptions, name: string): Answer {
  const policy = openPolicy(policyPath);
  const workspace = policy.workspaces.find((one) => one.name === name);
  if (!workspace) {
    const names = policy.workspaces.map((one) => one.name);
    throw wrongInput(unknownText('workspace', name, names));
  }
  const { currency } = policy.mistral;
  const bill = replayBill(policy, workspace, readBill(usage, currency));
  return {
    document: { currency, ...bill },
    exitCode: bill.exceeded.length > 0 ? EXIT.no : EXIT.ok,
    text: (style) => billText(bill, currency, style),
  };
}

function exitCodeOf({ wrongLines, refused }: Simulation): ExitCode {
  if (wrongLines.count > 0) return EXIT.wrong;
  return refused > 0 ? EXIT.no : EXIT.ok;
}
