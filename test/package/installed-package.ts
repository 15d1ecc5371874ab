import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface InstalledPackage {
  /** The example app, with the package and all it needs in its `node_modules`. */
  readonly app: string;
  /** The package itself. */
  readonly folder: string;
  /** What was packed, from the package's root. */
  readonly files: readonly string[];
}

/** Builds, packs and installs the package beside the example; other packages are those of here. */
export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'installed-package-'));
  const [checkout, app] = [join(folder, 'checkout'), join(folder, 'team-stack')];
  cpSync(ROOT, checkout, { recursive: true, filter: isSource });
  link('node_modules', checkout);
  run(checkout, 'node', '--import', 'tsx', 'bin/build.ts');
  cpSync(join(ROOT, 'examples/team-stack'), app, { recursive: true });
  return { app, ...install(checkout, app) };
}

/** Nothing that a checkout does not have, and that is large. */
function isSource(path: string): boolean {
  return !/^(node_modules|dist|cdk\.out|\.git)$/.test(relative(ROOT, path));
}

function install(checkout: string, app: string): Omit<InstalledPackage, 'app'> {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', app];
  const packed = run(checkout, 'npm', ...pack);
  const [{ filename, files }] = JSON.parse(packed);
  const folder = join(app, 'node_modules/mistral-governance');
  mkdirSync(folder, { recursive: true });
  run(app, 'tar', '-xzf', filename, '-C', folder, '--strip-components=1');

  writeFileSync(join(app, 'package-lock.json'), '{}'); // by which CDK finds the project
  const { dependencies, devDependencies } = manifestOf(app);
  const own = manifestOf(folder).dependencies;
  for (const name of Object.keys({ ...own, ...dependencies, ...devDependencies })) {
    if (name !== 'mistral-governance') link(join('node_modules', name), app);
  }
  return {
    folder,
    files: files.map(({ path }: { readonly path: string }) => path).sort(),
  };
}

export function manifestOf(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** What a program prints. @throws Error with all that it said, where it fails */
export function run(folder: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}

function link(path: string, folder: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(join(ROOT, path), join(folder, path), 'dir');
}
