import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installedFrom } from '../../../oracles/npm-install.js';

const CACHE = join(import.meta.dirname, '..', '..', '..', '.cache', 'browser');
const PACKAGE = join(import.meta.dirname, 'chromium');

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
  const folder = installedFrom(PACKAGE, CACHE);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked, { recursive: true });
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', UNPACK], {
    cwd: folder,
    env: { HOME: unpacked, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
    encoding: 'utf8',
  });
  return JSON.parse(answer);
}
