import { jsonText } from '../../platform/quoting.js';
import type { IsoDate } from '../../platform/utc-day.js';
import { type AuditReport, evidenceText } from './audit-report.js';
import { csv } from './csv.js';
import { reportPage } from './report-page.js';

/** One file of an audit's evidence, at its place. */
export interface EvidenceFile {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** Everything is below it, and a writer may write nowhere else. */
export const EVIDENCE_PREFIX = 'evidence/';

/** The folder of one run of the audit: no two have the same, so none can take the place of another's files. */
export function evidenceFolder({ auditedOn, auditedAt }: AuditReport, run: string): string {
  const time = auditedAt.slice(11, 19).replaceAll(':', '');
  return `${dayPrefix(auditedOn)}${time}-${run}/`;
}

/** What the folders of all audits of a day are below. */
export function dayPrefix(day: IsoDate): string {
  const [year, month] = day.split('-');
  return `${EVIDENCE_PREFIX}${year}/${month}/${day}/`;
}

/** The folder of a file, with its slash. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Where the report page is. */
export function reportPath(folder: string): string {
  return `${folder}report.html`;
}

/** Each file is built on demand: those of a large organization have some megabytes. */
export function* evidenceFiles(report: AuditReport, folder: string): Generator<EvidenceFile> {
  const { rows } = report;
  const accepted = report.accepted.map((finding) => ({
    ...finding,
    status: 'accepted' as const,
    openedOn: null,
  }));
  const open = report.findings.map((finding) => ({ ...finding, reason: null, until: null }));
  const findings = [...open, ...accepted];
  yield {
    path: `${folder}inventory.json`,
    contentType: 'application/json',
    body: `${jsonText(report)}\n`,
  };
  yield csvFile(`${folder}inventory.csv`, INVENTORY_COLUMNS, rows, (row, column) =>
    column === 'findings' ? row.findings.join(' ') : row[column],
  );
  yield csvFile(`${folder}findings.csv`, FINDING_COLUMNS, findings, (finding, column) =>
    column === 'evidence' ? evidenceText(finding) : finding[column],
  );
  yield {
    path: reportPath(folder),
    contentType: 'text/html; charset=utf-8',
    body: reportPage(report),
  };
}

const INVENTORY_COLUMNS = [
  'key',
  'keyId',
  'secret',
  'workspace',
  'team',
  'ownerUserId',
  'owner',
  'createdBy',
  'state',
  'createdOn',
  'ageDays',
  'lastUsedOn',
  'expiresOn',
  'nextRotationOn',
  'findings',
] as const;

const FINDING_COLUMNS = [
  'severity',
  'type',
  'subject',
  'workspace',
  'status',
  'since',
  'openedOn',
  'summary',
  'evidence',
  'nextStep',
  'nextCommand',
  'id',
  'reason',
  'until',
] as const;

function csvFile<Column extends string, Row>(
  path: string,
  columns: readonly Column[],
  rows: readonly Row[],
  cellOf: (row: Row, column: Column) => string | number | null,
): EvidenceFile {
  const cells = rows.map((row) => columns.map((column) => cellOf(row, column)));
  return { path, contentType: 'text/csv; charset=utf-8', body: csv(columns, cells) };
}
