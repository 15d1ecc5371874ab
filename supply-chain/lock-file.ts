import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const LockedPackageSchema = z.object({
  version: z.string(),
  license: z.string().optional(),
  /** Of the published archive, as Subresource Integrity. */
  integrity: z.string().optional(),
});

const LockFileSchema = z.object({
  version: z.string(),
  packages: z.record(z.string(), z.object({}).loose()),
});

export type LockedPackage = z.infer<typeof LockedPackageSchema>;

export interface LockFile {
  /** Of this repository. */
  readonly version: string;
  /** What is installed in a folder below the root. */
  at(folder: string): LockedPackage;
}

export function readLockFile(): LockFile {
  const path = join(import.meta.dirname, '..', 'package-lock.json');
  const { version, packages } = LockFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  return {
    version,
    at(folder) {
      const locked = LockedPackageSchema.safeParse(packages[folder]);
      if (!locked.success) throw new Error(`package-lock.json has no version of ${folder}`);
      return locked.data;
    },
  };
}
