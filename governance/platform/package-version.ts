import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PACKAGE_NAME = 'mistral-governance';

/** Of the package that a file is part of, built or not. */
export function packageVersion(folder: string): string {
  const path = join(folder, 'package.json');
  if (existsSync(path)) {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8'));
    if (name === PACKAGE_NAME) return version;
  }
  const above = dirname(folder);
  return above === folder ? 'unknown' : packageVersion(above);
}
