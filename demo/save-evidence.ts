import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ObjectStore } from '../testing/fakes/object-store.js';

/** Copies what the last night left into a folder, for a look at it. */
export function saveEvidence({ objects }: ObjectStore, folder: string): void {
  const pages = [...objects.keys()].filter((name) => name.endsWith('/report.html')).sort();
  const night = pages.at(-1)?.replace(/[^/]*$/, '') ?? 'no night';
  mkdirSync(folder, { recursive: true });
  for (const [name, versions] of objects) {
    if (name.startsWith(night)) {
      writeFileSync(join(folder, basename(name)), versions.at(-1)?.body ?? '');
    }
  }
}
