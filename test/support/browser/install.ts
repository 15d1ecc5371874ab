import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '..', '..', '..', '.cache', 'browser');
const PACKAGE = join(import.meta.dirname, 'chromium');
const FILES = ['package.json', 'package-lock.json'];

/** Where the browser is, and what it needs around it on a machine without its libraries and fonts. */
export interface InstalledBrowser {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

// The package brings libraries and fonts as well, and unpacks them where it takes itself to be in a Lambda function.
const UNPACK = `
  const { default: chromium } = await import('@sparticuz/chromium');
  const path = await chromium.executablePath();
  const { LD_LIBRARY_PATH, FONTCONFIG_PATH } = process.env;
  process.stdout.write(JSON.stringify({ path, env: { LD_LIBRARY_PATH, FONTCONFIG_PATH } }));`;

/** From npm, by its lock file, unless it is there: no other install of this repository brings a browser. */
export function installBrowser(): InstalledBrowser {
  const lock = readFileSync(join(PACKAGE, 'package-lock.json'));
  const folder = join(CACHE, createHash('sha256').update(lock).digest('hex').slice(0, 16));
  if (!existsSync(folder)) install(folder);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked, { recursive: true });
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', UNPACK], {
    cwd: folder,
    env: { HOME: unpacked, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
    encoding: 'utf8',
  });
  return JSON.parse(answer);
}

/** Into a folder of this run, which takes its name when it is whole. */
function install(folder: string): void {
  const own = `${folder}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  for (const file of FILES) copyFileSync(join(PACKAGE, file), join(own, file));
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
