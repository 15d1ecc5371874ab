import type { EvidenceStore } from '../../governance/audit/evidence-store.aws.js';

export type EvidenceBucket = ReturnType<typeof evidenceBucket>;

/** A bucket in memory, whose files a test may change behind the back of the audit. */
export function evidenceBucket() {
  const files = new Map<string, Uint8Array>();
  const store: EvidenceStore = {
    uriOf: (path) => `s3://evidence-bucket/${path}`,
    async put({ path, body }) {
      if (files.has(path)) return false;
      files.set(path, new TextEncoder().encode(body));
      return true;
    },
    async *list(prefix, after = '') {
      const paths = [...files.keys()].filter((path) => path.startsWith(prefix) && path > after);
      for (const path of paths.sort()) yield { path, bytes: files.get(path)?.length ?? 0 };
    },
    read: async (path) => files.get(path),
  };
  return {
    store,
    files,
    textOf: (path: string) => new TextDecoder().decode(files.get(path)),
    write: (path: string, text: string) => void files.set(path, new TextEncoder().encode(text)),
  };
}
