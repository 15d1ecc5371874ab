import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { EvidenceArchive } from '../../governance/audit/evidence-store.aws.js';
import { messageOf } from '../../governance/platform/failures.js';
import { wrongInput } from '../failure.js';

/** A copy of the bucket in a folder. @throws CommandFailure where it cannot be read */
export function createFolderArchive(root: string): EvidenceArchive {
  const files = filesBelow(root);
  return {
    async *list(prefix, after = '') {
      yield* files.filter(({ path }) => path.startsWith(prefix) && path > after);
    },

    async read(path) {
      return files.some((file) => file.path === path) ? readFileSync(join(root, path)) : undefined;
    },
  };
}

function filesBelow(root: string) {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .map((path) => ({
        path: path.split(sep).join('/'),
        bytes: statSync(join(root, path)).size,
      }))
      .sort((one, other) => (one.path < other.path ? -1 : 1));
  } catch (error) {
    throw wrongInput(`the evidence in ${root} could not be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
