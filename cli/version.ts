import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NAME = 'mistral-governance';

/** Of the package that this file is part of, built or not. */
export function packageVersion(folder = import.meta.dirname): string {
  const path = join(folder, 'package.json');
  if (existsSync(path)) {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8'));
    if (name === NAME) return version;
  }
  const above = dirname(folder);
  return above === folder ? 'unknown' : packageVersion(above);
}
