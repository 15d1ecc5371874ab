import * as z from 'zod';
import { parseJson } from '../../platform/json.js';
import { jsonText } from '../../platform/quoting.js';
import { EVIDENCE_PREFIX, type EvidenceFile, folderOf } from '../report/evidence-files.js';

/** Where the manifests of all audits are, in one row: no two have the same number. */
export const MANIFESTS_PREFIX = `${EVIDENCE_PREFIX}manifests/` as const;

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const FileSchema = z.object({
  /** In the folder of the audit. */
  name: z.string().min(1),
  bytes: z.int().min(0),
  sha256: Sha256Schema,
});

const ManifestSchema = z.object({
  version: z.literal(1),
  /** Of its place in the chain, from 1 on. */
  number: z.int().min(1),
  auditedOn: z.iso.date(),
  auditedAt: z.iso.datetime(),
  folder: z.string().min(1),
  files: z.array(FileSchema),
  /** Folders of audits that ended before they had a manifest: their files are not vouched for. */
  unfinished: z.array(z.string()),
  /** When the next audit was due, as an expression of EventBridge Scheduler. */
  schedule: z.string(),
  timezone: z.string(),
  retentionDays: z.int().min(1),
  /** The SHA-256 of the manifest with the number before this one. */
  previous: Sha256Schema.nullable(),
});

/** What one audit stored, and which audit came before it. A change of its fields raises `version`. */
export type Manifest = Readonly<z.infer<typeof ManifestSchema>>;

export type ManifestFile = Readonly<z.infer<typeof FileSchema>>;

export function manifestPath(number: number): string {
  return `${MANIFESTS_PREFIX}${String(number).padStart(8, '0')}.json`;
}

/** The number of the manifest at a path; `undefined` where the path is not one of a manifest. */
export function manifestNumber(path: string): number | undefined {
  const number = Number(path.slice(MANIFESTS_PREFIX.length, -'.json'.length));
  return Number.isInteger(number) && number > 0 && manifestPath(number) === path
    ? number
    : undefined;
}

export function manifestFile(manifest: Manifest): EvidenceFile {
  return {
    path: manifestPath(manifest.number),
    contentType: 'application/json',
    body: `${jsonText(manifest, { indent: 2 })}\n`,
  };
}

/** `undefined` for anything else than a manifest. */
export function parseManifest(bytes: Uint8Array): Manifest | undefined {
  return ManifestSchema.safeParse(parseJson(new TextDecoder().decode(bytes))).data;
}

/** In hexadecimal digits, as `sha256sum` prints it. */
export async function sha256(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function fileEntry({ path, body }: EvidenceFile): Promise<ManifestFile> {
  const bytes = new TextEncoder().encode(body);
  const name = path.slice(folderOf(path).length);
  return { name, bytes: bytes.length, sha256: await sha256(bytes) };
}
