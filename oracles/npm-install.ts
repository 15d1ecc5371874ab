import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the packages of a lock file below `cache`, unless they are there, and returns their folder:
 * for tools that no other install of this repository should bring.
 */
export function installedFrom(lockFolder: string, cache: string): string {
  const lock = readFileSync(join(lockFolder, 'package-lock.json'));
  const folder = join(cache, createHash('sha256').update(lock).digest('hex').slice(0, 16));
  if (!existsSync(folder)) install(lockFolder, folder);
  return folder;
}

/** Into a folder of this run, which takes its name when it is whole. */
function install(lockFolder: string, folder: string): void {
  const own = `${folder}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(join(lockFolder, file), join(own, file));
  }
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: own,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    renameSync(own, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // another run was faster
    rmSync(own, { recursive: true, force: true });
  }
}
