import { mapBounded } from '../../platform/map-bounded.js';
import { addDays, HOUR_MS, type IsoDate, utcDay } from '../../platform/utc-day.js';
import { countText } from '../../platform/wording.js';
import type { ArchivedFile, EvidenceArchive } from '../evidence-store.aws.js';
import { dayPrefix, EVIDENCE_PREFIX, folderOf } from '../report/evidence-files.js';
import {
  type ChainFindings,
  createChainFindings,
  isWithin,
  type Link,
  type Nights,
} from './chain-report.js';
import { MANIFESTS_PREFIX, type ManifestFile, sha256 } from './manifest.js';
import { retentionDays } from './read-chain.js';

const FOLDERS_AT_ONCE = 8;
/** What an audit may take from its start to its manifest. */
const LONGEST_AUDIT_MS = HOUR_MS;

export interface VerifiedFiles {
  readonly files: number;
  readonly bytes: number;
}

/** Verifies the files of nights against their manifests, and that no others are there. */
export async function verifyFiles(
  archive: EvidenceArchive,
  links: readonly Link[],
  nights: Nights,
  now: Date,
  findings: ChainFindings,
): Promise<VerifiedFiles> {
  const due = links.filter(({ manifest }) => isWithin(manifest.auditedOn, nights));
  const byFolder = new Map(due.map((link) => [link.manifest.folder, link]));
  const unfinished = new Set(links.flatMap(({ manifest }) => manifest.unfinished));
  const pathOf = new Map(
    due.flatMap(({ manifest: { folder, files } }) =>
      files.map(({ name, sha256 }) => [sha256, folder + name] as const),
    ),
  );
  const expiredBefore = links.length > 0 ? addDays(utcDay(now), 1 - retentionDays(links)) : '';
  const verified = { files: 0, bytes: 0 };

  async function verifyFile(
    path: string,
    file: ManifestFile,
    stored: ArchivedFile | undefined,
    findings: ChainFindings,
  ) {
    if (!stored) return findings.problem('missing', path, 'is missing');
    if (stored.bytes < file.bytes) {
      const text = `was truncated: it has ${stored.bytes} of ${countText(file.bytes, 'byte')}`;
      return findings.problem('truncated', path, text);
    }
    const bytes = stored.bytes === file.bytes ? await archive.read(path) : undefined;
    const hash = bytes && (await sha256(bytes));
    if (hash === file.sha256) {
      verified.files += 1;
      verified.bytes += file.bytes;
      return;
    }
    const from = hash === undefined ? undefined : pathOf.get(hash);
    if (from !== undefined)
      return findings.problem('reordered', path, `has the content of ${from}`);
    const found = hash ? `its SHA-256 is ${hash}` : `it has ${countText(stored.bytes, 'byte')}`;
    findings.problem(
      'changed',
      path,
      `was changed: ${found}, and its manifest says ${file.sha256}`,
    );
  }

  /** Findings of its own, since several folders are read at a time. */
  async function verifyFolder([folder, stored]: Folder): Promise<ChainFindings> {
    const findings = createChainFindings();
    const link = byFolder.get(folder);
    if (!link) {
      judgeUnnamed(folder, stored, findings);
      return findings;
    }
    const byPath = new Map(stored.map((file) => [file.path, file]));
    for (const file of link.manifest.files) {
      const path = folder + file.name;
      await verifyFile(path, file, byPath.get(path), findings);
      byPath.delete(path);
    }
    for (const path of byPath.keys()) {
      findings.problem('inserted', path, 'was added: the manifest of its audit does not have it');
    }
    return findings;
  }

  function judgeUnnamed(
    folder: string,
    stored: readonly ArchivedFile[],
    findings: ChainFindings,
  ): void {
    const files = countText(stored.length, 'file');
    const { day, at } = placeOf(folder) ?? {};
    if (unfinished.has(folder)) {
      findings.note(`${folder}: an audit ended before its manifest; nothing vouches for ${files}`);
    } else if (day !== undefined && day < expiredBefore) {
      findings.note(`${folder}: ${files} about to be deleted, after their manifest`);
    } else if (at !== undefined && Math.abs(now.getTime() - at) < LONGEST_AUDIT_MS) {
      findings.note(`${folder}: of an audit that is running, or ended before its manifest`);
    } else {
      const text = `has ${files} that no manifest names: added later, or left by an audit that ended early`;
      findings.problem('inserted', folder, text);
    }
  }

  const seen = new Set<string>();
  for await (const folders of batches(foldersOf(archive, nights, findings))) {
    for (const [folder] of folders) seen.add(folder);
    for (const found of await mapBounded(folders, FOLDERS_AT_ONCE, verifyFolder)) {
      findings.add(found);
    }
  }
  for (const { manifest } of due) {
    const { folder, auditedOn, files } = manifest;
    if (seen.has(folder)) continue;
    if (auditedOn < expiredBefore) findings.note(`${folder}: deleted at the end of its retention`);
    else {
      findings.problem(
        'missing',
        folder,
        `is missing, with its ${countText(files.length, 'file')}`,
      );
    }
  }
  return verified;
}

type Folder = readonly [folder: string, files: readonly ArchivedFile[]];

/** The folders of the nights, one after the other, with their files. */
async function* foldersOf(
  archive: EvidenceArchive,
  nights: Nights,
  findings: ChainFindings,
): AsyncGenerator<Folder> {
  let folder = '';
  let files: ArchivedFile[] = [];
  for await (const file of archive.list(EVIDENCE_PREFIX)) {
    if (file.path.startsWith(MANIFESTS_PREFIX)) continue;
    const of = folderOf(file.path);
    const place = placeOf(of);
    if (!place) findings.problem('inserted', file.path, 'is where no audit stores a file');
    if (!place || !isWithin(place.day, nights)) continue;
    if (of !== folder && files.length > 0) yield [folder, files];
    if (of !== folder) files = [];
    folder = of;
    files.push(file);
  }
  if (files.length > 0) yield [folder, files];
}

async function* batches<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    if (batch.push(item) < 4 * FOLDERS_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

const FOLDER = /(\d{4}-\d{2}-\d{2})\/(\d{2})(\d{2})(\d{2})-[0-9a-f]{8}\/$/;

/** When the audit of a folder began; `undefined` where no audit has its folder. */
function placeOf(folder: string): { readonly day: IsoDate; readonly at: number } | undefined {
  const [run, day = '', hours, minutes, seconds] = FOLDER.exec(folder) ?? [];
  if (run === undefined || dayPrefix(day) !== folder.slice(0, -run.length + day.length + 1)) {
    return undefined;
  }
  return { day, at: Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) };
}
