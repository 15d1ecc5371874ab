import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ChainQuery } from '../../governance/audit/chain/chain-report.js';
import { type ChainReport, verifyChain } from '../../governance/audit/chain/verify-chain.js';
import type { EvidenceArchive } from '../../governance/audit/evidence-store.aws.js';
import { countText, instantText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { createFolderArchive } from '../evidence/folder-archive.js';
import { EXIT, wrongInput } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { day } from '../option-values.js';
import { notesText, type Style, verdictLine } from '../terminal/style.js';
import { left, renderTable, shrinking } from '../terminal/table.js';

interface VerifyOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly noted?: string;
  readonly bucket?: string;
  readonly folder?: string;
}

export function registerAuditVerify(audit: Command, cli: Cli): void {
  audit
    .command('verify')
    .description('verify that the evidence of past audits is complete and unchanged')
    .option('--from <day>', 'the first night whose files are verified (default: all)', day)
    .option('--to <day>', 'the last night (default: today)', day)
    .option('--noted <sha256>', 'a manifest noted before, which the chain must still have', hash)
    .addOption(
      new Option('--bucket <name>', "another bucket than the deployed stack's").conflicts('folder'),
    )
    .option('--folder <path>', 'a copy of the bucket on this machine')
    .addHelpText('after', HELP)
    .action(action(cli, verify));
}

const HELP = `
Each audit stores a manifest with the SHA-256 of its files and of the manifest before. This reads all manifests,
then the files of the nights asked for, and reports what was changed, truncated, reordered, removed or added,
and nights on which an audit was due and has no manifest. It changes nothing. Exits with 0 if all is as it
was stored, with 1 if anything is not.

Who can write to the bucket past its policy could store a new chain. Keep the last line somewhere else, and pass
its SHA-256 with --noted the next time.

Examples:
  $ mistral-governance audit verify --from 2026-06-01 --to 2026-06-30
  $ mistral-governance audit verify --json | jq -r '.problems[] | [.fault, .subject, .message] | @tsv'
  $ aws s3 sync s3://<EvidenceBucketName> copy && mistral-governance audit verify --folder copy`;

function hash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be a SHA-256: 64 hexadecimal digits.');
}

async function verify(cli: Cli, options: VerifyOptions): Promise<Answer> {
  const { from, to, noted } = options;
  if (from !== undefined && to !== undefined && from > to) {
    throw wrongInput(`--from ${from} is after --to ${to}`);
  }
  const { where, archive } = await openArchive(cli, options);
  const query: ChainQuery = { from, to, noted, now: cli.now() };
  const report = await cli.progress.during(`verifying the evidence in ${where}`, () =>
    verifyChain(archive, query),
  );
  return {
    document: { evidence: where, ...report },
    exitCode: report.problems.length > 0 ? EXIT.no : EXIT.ok,
    text: (style) => reportText(report, where, style),
  };
}

async function openArchive(
  cli: Cli,
  options: VerifyOptions,
): Promise<{ readonly where: string; readonly archive: EvidenceArchive }> {
  const { folder } = options;
  if (folder !== undefined) return { where: folder, archive: createFolderArchive(folder) };
  const bucket =
    options.bucket ?? (await openDeployment(cli, options)).stack.output('EvidenceBucketName');
  const { openBucketArchive } = await import('../evidence/bucket-archive.js');
  return { where: `s3://${bucket}`, archive: await openBucketArchive(cli, options, bucket) };
}

function reportText(report: ChainReport, where: string, style: Style): string {
  const { problems, notes, manifests, files, from, to, head } = report;
  const table =
    problems.length === 0
      ? ''
      : `${renderTable(problems, style, [
          left('fault', ({ fault }) => ({ text: fault, tone: 'bad' })),
          shrinking('what', ({ subject, message }) => `${subject} ${message}`),
        ])}\n`;
  const what = `${countText(manifests, 'manifest')} of ${where}, and ${countText(files, 'file')} of ${from} to ${to}`;
  const verdict =
    problems.length === 0
      ? `complete and unchanged: ${what}`
      : `${countText(problems.length, 'problem')}; unchanged are ${countText(files, 'file')} of ${from} to ${to}`;
  const end = head
    ? `Last manifest: number ${head.number} of ${instantText(new Date(head.auditedAt))}, SHA-256 ${head.sha256}\n`
    : '';
  return `${table}${notesText(notes, style)}${verdictLine(problems.length === 0, verdict, style)}${end}`;
}
