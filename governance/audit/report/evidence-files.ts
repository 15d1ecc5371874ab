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

/** Where the report page of a day is. */
export function reportPath(auditedOn: IsoDate): string {
  return `${folderOf(auditedOn)}report.html`;
}

/**
 * The same day has the same paths, so a repeated audit replaces the files of the one before it. Each
 * file is built on demand: those of a large organization have some megabytes.
 */
export function* evidenceFiles(report: AuditReport): Generator<EvidenceFile> {
  const { auditedOn, rows, findings } = report;
  const folder = folderOf(auditedOn);
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
    path: reportPath(auditedOn),
    contentType: 'text/html; charset=utf-8',
    body: reportPage(report),
  };
}

function folderOf(auditedOn: IsoDate): string {
  const [year, month] = auditedOn.split('-');
  return `${EVIDENCE_PREFIX}${year}/${month}/${auditedOn}/`;
}

const INVENTORY_COLUMNS = [
  'key',
  'keyId',
  'secret',
  'workspace',
  'team',
  'ownerUserId',
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
