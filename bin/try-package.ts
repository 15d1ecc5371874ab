import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Uses the package as a team would, with the registry and the CDK CLI.
const ROOT = join(import.meta.dirname, '..');
const app = mkdtempSync(join(tmpdir(), 'team-stack-'));

run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', app);
cpSync(join(ROOT, 'examples/team-stack'), app, { recursive: true });
const [tarball = ''] = readdirSync(app).filter((name) => name.endsWith('.tgz'));
run(app, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`);
run(app, 'npx', 'tsc');
run(app, 'npx', 'cdk', 'synth', '--quiet', '--no-notices');
run(app, 'npx', 'mistral-governance', '--version');
console.log(`the package works in ${app}`);

function run(cwd: string, program: string, ...args: readonly string[]): void {
  console.log(`$ ${program} ${args.join(' ')}`);
  execFileSync(program, args, { cwd, stdio: 'inherit' });
}
