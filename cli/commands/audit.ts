import type { Command } from 'commander';
import * as z from 'zod';
import type { Severity } from '../../governance/alerts/alert.js';
import { type Finding, FindingSchema } from '../../governance/audit/finding.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { countText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { notesText, type Style, type Tone, verdictLine } from '../terminal/style.js';
import { left, renderTable, shrinking } from '../terminal/table.js';
import { registerAuditVerify } from './audit-verify.js';

const SummarySchema = z.object({
  keys: z.int(),
  findings: z.array(FindingSchema),
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
    .addHelpText('after', HELP)
    .action(action(cli, audit));
  registerAuditVerify(command, cli);
}

const HELP = `
Runs the deployed function that also runs every night: on-call is notified of new findings. Exits with 1
if there are findings, or if something could not be checked.

Examples:
  $ mistral-governance audit
  $ mistral-governance audit --json | jq -r '.findings[] | [.severity, .type, .subject] | @tsv'`;

async function audit(cli: Cli, options: CommonOptions): Promise<Answer> {
  const { stack, functions } = await openDeployment(cli, options);
  const summary = await cli.progress.during('auditing all keys', () =>
    functions.invoke(stack.output('AuditFunctionName'), SummarySchema),
  );
  const { keys, findings, problems, opened, resolved } = summary;
  return {
    document: summary,
    exitCode: findings.length + problems.length > 0 ? EXIT.no : EXIT.ok,

    text(style) {
      const counts = `${countText(keys, 'key')} checked: ${countText(findings.length, 'finding')}, ${opened} of them new; ${resolved} resolved`;
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
