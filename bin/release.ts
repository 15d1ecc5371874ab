import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  REPOSITORY,
  releasedChangelog,
  releasedManifest,
  releaseProblems,
} from '../supply-chain/release.js';

// The checklist of a release. Commits and publishes nothing: the last steps are printed.
const ROOT = join(import.meta.dirname, '..');
const [version = ''] = process.argv.slice(2);
const { REPOSITORY_URL: repository = '' } = process.env;
const manifest = JSON.parse(read('package.json'));
const changelog = read('CHANGELOG.md');

const given = repository === '' ? undefined : repository;
const problems = [...releaseProblems(version, given, { current: manifest.version, changelog })];
const changed = run('git', 'status', '--porcelain');
if (changed !== '') problems.push(`the working tree has changes:\n${changed}`);
if (run('git', 'tag', '--list', `v${version}`) !== '') problems.push(`v${version} exists`);
if (problems.length > 0) {
  console.error(`nothing was written:\n${problems.map((one) => `- ${one}`).join('\n')}`);
  process.exit(2);
}

step('version, repository and changelog are written');
writeFileSync(join(ROOT, 'CHANGELOG.md'), releasedChangelog(changelog, version, today()));
const released = releasedManifest(manifest, version, repository);
writeFileSync(join(ROOT, 'package.json'), `${JSON.stringify(released, undefined, 2)}\n`);
for (const file of ['governance/policy/policy-alerts.ts', 'supply-chain/release.ts', 'SECURITY.md'])
  writeFileSync(join(ROOT, file), read(file).replaceAll(REPOSITORY, repository));
run('npm', 'install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund');
run('npm', 'run', 'schema');

step('the package is made twice');
const [archive, again] = [pack(), pack()];
if (archive.sha512 !== again.sha512) throw new Error('two packs of one commit differ');
console.log(`${archive.path}\nSHA-512 ${archive.sha512}`);

console.log(`
What is left to do, in this order:
  git diff                                # read it
  bash .ci/run                            # all of it, on a clean checkout
  git commit -am "chore: release ${version}" && git tag -s v${version} -m v${version}
  git push origin main v${version}
  npm publish --access public --provenance ${archive.path}
`);

function pack(): { readonly path: string; readonly sha512: string } {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  run('npm', 'pack', '--silent', '--pack-destination', folder);
  const path = join(folder, `mistral-governance-${version}.tgz`);
  return { path, sha512: createHash('sha512').update(readFileSync(path)).digest('hex') };
}

function step(text: string): void {
  console.log(`- ${text}`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}
