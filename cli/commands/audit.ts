import { type Command, Option } from 'commander';
import * as z from 'zod';
import type { Severity } from '../../governance/alerts/alert.js';
import { countAll, type Finding, FindingSchema } from '../../governance/audit/finding.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { countText, numberText } from '../../governance/platform/wording.js';
import { ACCEPTABLE_TYPES } from '../../governance/policy/finding-types.js';
import { type AcceptOptions, accept, checkAcceptOptions } from '../audit/accept.js';
import { CountedKeySchema } from '../audit/acceptable.js';
import { type Answer, action, type Cli } from '../cli.js';
import { EXIT, wrongInput } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { notesText, type Style, type Tone, verdictLine } from '../terminal/style.js';
import { left, renderTable, shrinking } from '../terminal/table.js';
import { registerAuditVerify } from './audit-verify.js';

const SummarySchema = z.object({
  keys: z.int(),
  findings: z.array(FindingSchema),
  countedTogether: z.array(CountedKeySchema).default([]),
  accepted: z.int().default(0),
  opened: z.int(),
  reminded: z.int(),
  resolved: z.int(),
  models: z.string(),
  problems: z.array(z.string()),
});

const TONES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'faint' };

export function registerAudit(program: Command, cli: Cli): void {
  const command = program
    .command('audit')
    .description('run the audit of all keys now, and show its findings')
    .option('--accept', 'write entries for the findings into the policy file, after a question')
    .addOption(
      new Option('--type <type...>', 'accept only findings of these types').choices(
        ACCEPTABLE_TYPES,
      ),
    )
    .option(
      '--subject <pattern...>',
      'accept only these: names, or ids of keys, with "*" for any characters',
    )
    .option('--workspace <name...>', 'accept only findings of these workspaces')
    .option('--reason <text>', 'why they are accepted (default: asks)')
    .option('--until <day>', 'the last day in UTC, such as 2027-03-31 (default: asks)')
    .option('--dry-run', 'print the entries, and write nothing')
    .option('--yes', 'accept without asking for confirmation')
    .addHelpText('after', HELP)
    .action(action(cli, audit));
  registerAuditVerify(command, cli);
}

const HELP = `
Runs the deployed function that also runs every night: on-call is notified of new findings. Exits with 1
if there are findings, or if something could not be checked.

With --accept, findings that the policy file does not accept yet are written there, in one entry for each
type, and are silent once you deploy it. Keys are written with their id. Critical findings are never
accepted.

Examples:
  $ mistral-governance audit
  $ mistral-governance audit --accept --type unmanaged no-expiry --workspace research --dry-run
  $ mistral-governance audit --json | jq -r '.findings[] | [.severity, .type, .subject] | @tsv'`;

interface AuditOptions extends AcceptOptions {
  readonly accept?: boolean;
}

const FOR_ACCEPT = ['type', 'subject', 'workspace', 'reason', 'until', 'dryRun', 'yes'] as const;

async function audit(cli: Cli, options: AuditOptions): Promise<Answer> {
  if (options.accept) checkAcceptOptions(cli, options);
  else if (FOR_ACCEPT.some((name) => options[name] !== undefined)) {
    throw wrongInput(
      'only --accept takes filters, a reason, a day, --dry-run and --yes: add --accept',
    );
  }
  const { stack, functions } = await openDeployment(cli, options);
  const summary = await cli.progress.during('auditing all keys', () =>
    functions.invoke(stack.output('AuditFunctionName'), SummarySchema),
  );
  if (options.accept) return accept(cli, options, summary);
  const { keys, findings, problems, opened, resolved, accepted } = summary;
  return {
    document: summary,
    exitCode: findings.length + problems.length > 0 ? EXIT.no : EXIT.ok,

    text(style) {
      const counts = `${countText(keys, 'key')} checked: ${countText(countAll(findings), 'finding')}, ${numberText(opened)} of them new; ${numberText(resolved)} resolved${accepted > 0 ? `; ${numberText(accepted)} accepted` : ''}`;
      const notes = notesText(problems, style);
      if (findings.length === 0 && problems.length === 0) return verdictLine(true, counts, style);
      if (findings.length === 0) return `${counts}\n${notes}`;
      return `${findingsTable(findings, style)}\n${nextSteps(findings, style)}\n${counts}\n${notes}`;
    },
  };
}

function findingsTable(findings: readonly Finding[], style: Style): string {
  return renderTable(findings, style, [
    left('severity', ({ severity }) => ({ text: severity, tone: TONES[severity] })),
    left('finding', ({ type }) => type),
    shrinking('subject', ({ subject }) => subject),
    shrinking('workspace', ({ workspace }) => workspace),
    left('since', ({ since }) => since),
  ]);
}

/** One for each type of finding: a hundred keys with the same finding need the same step. */
function nextSteps(findings: readonly Finding[], style: Style): string {
  const steps = new Map(findings.map((finding) => [finding.type, finding]));
  return [...steps.values()]
    .map(
      ({ type, nextStep, nextCommand }) =>
        `${style.paint(type, 'strong')}: ${oneLine(`${nextStep}: ${nextCommand}`)}\n`,
    )
    .join('');
}
