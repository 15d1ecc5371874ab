import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

// Uses the package as a team would, with the registry and the CDK CLI.
const ROOT = join(import.meta.dirname, '..');
const app = mkdtempSync(join(tmpdir(), 'team-stack-'));

const [archive, again] = [pack(), pack()];
if (sha512(archive) !== sha512(again)) throw new Error('two packs of the same files differ');
console.log(`two packs have one hash: SHA-512 ${sha512(archive)}`);
const tarball = basename(archive);
cpSync(archive, join(app, tarball));
cpSync(join(ROOT, 'examples/team-stack'), app, { recursive: true });
run(app, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`);
run(app, 'npx', 'tsc');
run(app, 'npx', 'cdk', 'synth', '--quiet', '--no-notices');
run(app, 'npx', 'mistral-governance', '--version');
console.log(`the package works in ${app}`);

function pack(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pack-'));
  run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', folder);
  const [name = ''] = readdirSync(folder);
  return join(folder, name);
}

function sha512(path: string): string {
  return createHash('sha512').update(readFileSync(path)).digest('hex');
}

function run(cwd: string, program: string, ...args: readonly string[]): void {
  console.log(`$ ${program} ${args.join(' ')}`);
  execFileSync(program, args, { cwd, stdio: 'inherit' });
}
