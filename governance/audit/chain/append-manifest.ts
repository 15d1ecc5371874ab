import { addDays, type IsoDate } from '../../platform/utc-day.js';
import type { EvidenceStore } from '../evidence-store.aws.js';
import { dayPrefix, EVIDENCE_PREFIX, folderOf } from '../report/evidence-files.js';
import {
  MANIFESTS_PREFIX,
  type Manifest,
  manifestFile,
  manifestNumber,
  manifestPath,
  parseManifest,
  sha256,
} from './manifest.js';

/** Of a manifest all but its place in the chain. */
export type Night = Omit<Manifest, 'version' | 'number' | 'unfinished' | 'previous'>;

/** The place of a manifest in the chain. Who noted it can tell later whether the chain still has it. */
export interface ChainLink {
  readonly number: number;
  readonly sha256: string;
}

const MOST_AT_ONCE = 20;

/**
 * Adds the manifest of a night behind the last one. S3 stores one manifest of each number, so of audits that
 * end at the same time each follows another; one that ended before this step has no manifest, and the next
 * one says so.
 */
export async function appendManifest(store: EvidenceStore, night: Night): Promise<ChainLink> {
  let previous = await lastManifest(store);
  const unfinished = await unfinishedFolders(store, night, previous);
  for (let attempts = 0; attempts < MOST_AT_ONCE; attempts += 1) {
    const number: number = (previous?.number ?? 0) + 1;
    const file = manifestFile({
      version: 1,
      number,
      ...night,
      unfinished,
      previous: previous?.sha256 ?? null,
    });
    const link = { number, sha256: await sha256(file.body) };
    if (await store.put(file)) return link;
    const stored = await readManifest(store, number);
    // Of an attempt whose answer was lost: no other audit has the same folder.
    if (stored?.sha256 === link.sha256) return link;
    previous = stored ?? previous;
  }
  throw new Error(`${MOST_AT_ONCE} audits ended before this one could add its manifest`);
}

interface StoredManifest extends ChainLink {
  readonly manifest: Manifest | undefined;
}

/** `undefined` before the first audit. */
export async function lastManifest(store: EvidenceStore): Promise<StoredManifest | undefined> {
  let number: number | undefined;
  for await (const { path } of store.list(MANIFESTS_PREFIX)) {
    number = manifestNumber(path) ?? number;
  }
  if (number === undefined) return undefined;
  const last = await readManifest(store, number);
  if (last === undefined) throw new Error(`${manifestPath(number)} was deleted meanwhile`);
  return last;
}

async function readManifest(
  store: EvidenceStore,
  number: number,
): Promise<StoredManifest | undefined> {
  const bytes = await store.read(manifestPath(number));
  if (bytes === undefined) return undefined;
  return { number, sha256: await sha256(bytes), manifest: parseManifest(bytes) };
}

/** Folders since the day before the last manifest that no manifest names. */
async function unfinishedFolders(
  store: EvidenceStore,
  { auditedOn, folder: own }: Night,
  last: StoredManifest | undefined,
): Promise<string[]> {
  const since = addDays(last?.manifest?.auditedOn ?? auditedOn, -1);
  const named = await namedFolders(store, last, since);
  const unfinished = new Set<string>();
  for await (const { path } of store.list(EVIDENCE_PREFIX, dayPrefix(since))) {
    if (path.startsWith(MANIFESTS_PREFIX)) break; // behind the days, in the order of paths
    const folder = folderOf(path);
    if (folder !== own && !named.has(folder)) unfinished.add(folder);
  }
  return [...unfinished];
}

/** What the manifests since a day name. */
async function namedFolders(
  store: EvidenceStore,
  last: StoredManifest | undefined,
  since: IsoDate,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  let stored = last;
  while (stored?.manifest) {
    const { folder, unfinished, auditedOn, number } = stored.manifest;
    for (const one of [folder, ...unfinished]) named.add(one);
    if (auditedOn < since) break;
    stored = await readManifest(store, number - 1);
  }
  return named;
}
