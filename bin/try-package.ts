import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FUNCTION_ENVIRONMENT } from '../supply-chain/function-environment.js';

/** The oldest that must work, and the newest of the two that functions and teams run on. */
const NODE_VERSIONS = ['20.19.0', '22.23.5', '24.22.3'];

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
for (const version of NODE_VERSIONS) tryNode(version);
console.log(`the package works in ${app}`);

/** What differs between versions of Node: starting the command line, the libraries, each function. */
function tryNode(version: string): void {
  const node = installNode(version);
  const cli = 'node_modules/mistral-governance/bin/mistral-governance.js';
  run(app, node, cli, 'policy', 'check', '--json');
  for (const type of ['module', 'commonjs']) {
    run(app, node, `--input-type=${type}`, '--eval', libraries(type));
  }
  const functions = join(app, 'node_modules/mistral-governance/dist/cdk/functions');
  const taskRoot = mkdtempSync(join(tmpdir(), 'task-root-'));
  const policy = 'require("mistral-governance/cdk").loadPolicy("governance.yaml")';
  const file = JSON.stringify(join(taskRoot, 'policy.json'));
  const write = `require("node:fs").writeFileSync(${file}, JSON.stringify(${policy}))`;
  run(app, node, '--input-type=commonjs', '--eval', write);
  for (const name of readdirSync(functions)) {
    const url = pathToFileURL(join(functions, name)).href;
    const env = { ...FUNCTION_ENVIRONMENT, LAMBDA_TASK_ROOT: taskRoot };
    const start = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
      const { handler } = await import('${url}');
      if (typeof handler !== 'function') throw new Error('${name} exports no handler');
      process.exit();`;
    execFileSync(node, ['--input-type=module', '--eval', start], { env, stdio: 'inherit' });
  }
  console.log(
    `Node ${version}: command line, libraries and ${readdirSync(functions).length} functions`,
  );
}

/** A script that uses both libraries, by `import` or by `require`. */
function libraries(type: string): string {
  const load = type === 'module' ? 'await import' : 'require';
  return `const { createGovernedMistral } = ${load}('mistral-governance/client');
    const { MistralGovernance } = ${load}('mistral-governance/cdk');
    if (typeof createGovernedMistral !== 'function' || typeof MistralGovernance !== 'function')
      throw new Error('the libraries export something else');`;
}

/** From npm, where each release of Node is a package for each platform. */
function installNode(version: string): string {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(ROOT, '.cache/node', version);
  const node = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(node)) return node;
  const quiet = ['--no-audit', '--no-fund', '--no-save'];
  run(ROOT, 'npm', 'install', '--prefix', folder, ...quiet, `${name}@${version}`);
  return node;
}

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
