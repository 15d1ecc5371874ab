import type { IsoDate } from '../../platform/utc-day.js';
import { csv } from './csv.js';
import type { Night } from './night.js';
import { report } from './report.js';

/** One file of a night's evidence, at its place. */
export interface EvidenceFile {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** Everything is below it, and a writer may write nowhere else. */
export const EVIDENCE_PREFIX = 'evidence/';

/** Where the page of a night is. */
export function reportPath(night: IsoDate): string {
  return `${folderOf(night)}report.html`;
}

/**
 * The same night has the same places, so an audit that is repeated replaces what it left before. Each
 * file is made when it is asked for: of a large organization it has some megabytes.
 */
export function* evidenceFiles(night: Night): Generator<EvidenceFile> {
  const folder = folderOf(night.night);
  const csvFile = 'text/csv; charset=utf-8';
  yield {
    path: `${folder}inventory.json`,
    contentType: 'application/json',
    body: `${JSON.stringify(night)}\n`,
  };
  yield { path: `${folder}inventory.csv`, contentType: csvFile, body: inventoryCsv(night) };
  yield { path: `${folder}findings.csv`, contentType: csvFile, body: findingsCsv(night) };
  yield {
    path: reportPath(night.night),
    contentType: 'text/html; charset=utf-8',
    body: report(night),
  };
}

function folderOf(night: IsoDate): string {
  const [year, month] = night.split('-');
  return `${EVIDENCE_PREFIX}${year}/${month}/${night}/`;
}

function inventoryCsv({ rows }: Night): string {
  const head = [
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
  return csv(
    head,
    rows.map((row) =>
      head.map((column) => (column === 'findings' ? row.findings.join(' ') : row[column])),
    ),
  );
}

function findingsCsv({ findings }: Night): string {
  return csv(
    [
      'severity',
      'type',
      'subject',
      'workspace',
      'standing',
      'since',
      'openedOn',
      'evidence',
      'nextCommand',
      'id',
    ],
    findings.map(({ evidence, ...finding }) => [
      finding.severity,
      finding.type,
      finding.subject,
      finding.workspace,
      finding.standing,
      finding.since,
      finding.openedOn,
      Object.entries(evidence)
        .map(([name, value]) => `${name}: ${value}`)
        .join('; '),
      finding.nextCommand,
      finding.id,
    ]),
  );
}
