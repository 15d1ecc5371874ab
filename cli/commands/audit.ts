import type { Command } from 'commander';
import * as z from 'zod';
import type { Severity } from '../../governance/alerts/alert.js';
import { type Finding, FindingSchema } from '../../governance/audit/finding.js';
import { countText } from '../../governance/platform/wording.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { openDeployment } from '../open-deployment.js';
import { notesText, type Style, type Tone } from '../terminal/style.js';
import { renderTable } from '../terminal/table.js';

const SummarySchema = z.object({
  keys: z.int(),
  findings: z.array(FindingSchema),
  opened: z.int(),
  reminded: z.int(),
  resolved: z.int(),
  models: z.string(),
  problems: z.array(z.string()),
});

type Summary = z.infer<typeof SummarySchema>;

const TONES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'faint' };

export function registerAudit(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('run the audit of all keys now, and show what it finds')
    .addHelpText(
      'after',
      `
Runs the deployed function that also runs every night: what it finds for the first time is told to
on-call. Exits with 1 where there are findings, or where something could not be looked at.

Examples:
  $ mistral-governance audit
  $ mistral-governance audit --json | jq -r '.findings[] | [.severity, .type, .subject] | @tsv'`,
    )
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      return cli.run(options, async () => {
        const { stack, functions } = await cli.progress.during('looking for the stack', () =>
          openDeployment(options, cli.keys),
        );
        const summary = await cli.progress.during('auditing all keys', () =>
          functions.invoke(stack.output('AuditFunctionName'), SummarySchema),
        );
        return answerOf(summary);
      });
    });
}

function answerOf(summary: Summary): Answer {
  const { keys, findings, problems, opened, resolved } = summary;
  return {
    document: summary,
    exitCode: findings.length + problems.length > 0 ? EXIT.no : EXIT.ok,

    text(style) {
      const counts = `${countText(keys, 'key')} looked at, ${countText(findings.length, 'finding')}, ${opened} of them new; ${resolved} resolved\n`;
      const notes = notesText(problems, style);
      if (findings.length === 0) {
        return problems.length > 0 ? `${counts}${notes}` : `${style.paint('✓', 'good')} ${counts}`;
      }
      return `${findingsTable(findings, style)}\n${nextSteps(findings, style)}\n${counts}${notes}`;
    },
  };
}

function findingsTable(findings: readonly Finding[], style: Style): string {
  return renderTable(
    [
      { title: 'severity' },
      { title: 'finding' },
      { title: 'subject', shrinks: true },
      { title: 'workspace', shrinks: true },
      { title: 'since' },
    ],
    findings.map(({ severity, type, subject, workspace, since }) => [
      { text: severity, tone: TONES[severity] },
      type,
      subject,
      workspace,
      since,
    ]),
    style,
  );
}

/** One of each kind: a hundred keys with the same trouble need the same step. */
function nextSteps(findings: readonly Finding[], style: Style): string {
  const steps = new Map(findings.map(({ type, nextCommand }) => [type, nextCommand]));
  return [...steps]
    .map(([type, command]) => `${style.paint(type, 'strong')}: ${command}\n`)
    .join('');
}
