import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from './commands.js';

/** Where what e2e installs stays from run to run. */
export const CACHE = join(import.meta.dirname, '..', '.cache', 'e2e');
const PYTHON =
  'import pip, sys; assert sys.version_info >= (3, 11); print(sys.executable); print(sys.version)';
const UNREACHED =
  /NewConnectionError|ConnectTimeout|name resolution|Max retries|ProxyError|versions: none/i;

/** Python, and the folder of the packages that it runs. */
export interface Tools {
  readonly python: string;
  readonly packages: string;
}

/** Packages of Python: what pip installs, and the modules that prove it. */
export interface PythonPackages {
  readonly what: string;
  readonly requirements: string;
  readonly modules: string;
}

const EMULATOR_PACKAGES: PythonPackages = {
  what: 'MiniStack and the AWS CLI',
  requirements: join(import.meta.dirname, 'requirements.txt'),
  modules: 'ministack, awscli, botocore.session, hypercorn',
};
export const SDK_PACKAGES: PythonPackages = {
  what: 'the official SDKs of PyPI',
  requirements: join(import.meta.dirname, 'sdks', 'requirements.txt'),
  modules: 'mistralai.client, openai, langchain_mistralai, litellm',
};

/** Installs packages into a folder of their own, unless they are there and run. */
export async function installTools(
  cache: string,
  env: NodeJS.ProcessEnv,
  wanted = EMULATOR_PACKAGES,
): Promise<Tools> {
  const [python = '', version = ''] = (await need('python3', ['-c', PYTHON], env)).split('\n');
  await need('bash', ['--version'], env);
  // Some of what is installed is made for one version of Python.
  const content = version + readFileSync(wanted.requirements, 'utf8');
  const name = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const tools = { python, packages: join(cache, name) };
  if (!(await runs(tools, wanted, env))) await install(tools, wanted, env);
  return tools;
}

async function need(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  try {
    return (await command(file, args, env)).stdout;
  } catch (cause) {
    throw new Error(
      `"${file} ${args.join(' ')}" fails: e2e needs python3 (3.11 or newer, with pip) and bash`,
      { cause },
    );
  }
}

async function runs(
  { python, packages }: Tools,
  { modules }: PythonPackages,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const tries = ['-c', `import ${modules}`];
  const outcome = command(python, tries, { ...env, PYTHONPATH: packages });
  return outcome.then(
    () => true,
    () => false,
  );
}

/** Into a folder of this run, which takes its name when it is whole: several runs may install at once. */
async function install(
  tools: Tools,
  wanted: PythonPackages,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { python, packages } = tools;
  const own = `${packages}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '2'];
  // Two wishes that users may have for their own environment.
  const here = { ...env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  try {
    await command(python, [...pip, '--target', own, '--requirement', wanted.requirements], here);
    await nameAfterContent(own, tools, wanted, env);
  } catch (cause) {
    const printed = cause instanceof Error ? cause.message : String(cause);
    if (!UNREACHED.test(printed)) throw cause;
    throw new Error(
      `no package index reached: e2e installs ${wanted.what} with pip into ${packages} when it first runs, and needs the network (or PIP_INDEX_URL) for that; pip says:\n${printed}`,
      { cause },
    );
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function nameAfterContent(
  own: string,
  tools: Tools,
  wanted: PythonPackages,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  try {
    renameSync(own, tools.packages);
  } catch {
    if (await runs(tools, wanted, env)) return; // another run was faster
    rmSync(tools.packages, { recursive: true, force: true });
    renameSync(own, tools.packages);
  }
}

const CHECKOUT = join(import.meta.dirname, '..');
/** `npx` as in a checkout, wherever the shell is; the CDK CLI has its app by CDK_APP. */
const NPX = [
  `[ "$1" = cdk ] && shift && exec '${process.execPath}' '${CHECKOUT}/node_modules/aws-cdk/bin/cdk' --no-notices --no-color "$@"`,
  `[ "$3" = mistral-governance ] && [ ! -e node_modules ] && shift 3 && exec '${process.execPath}' '${CHECKOUT}/bin/mistral-governance.js' "$@"`,
  `exec '${join(dirname(process.execPath), 'npx')}'`,
];

/**
 * Puts the commands that README and runbook have users run where a shell finds them first; with a
 * `url`, for the account that is there.
 */
export function putUserCommands(
  folder: string,
  { python, packages }: Tools,
  env: NodeJS.ProcessEnv,
  url?: string,
): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const put = (name: string, line: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${line} "$@"\n`, { mode: 0o755 });
  // The address by option: for SQS the AWS CLI does not heed the environment's.
  const there = url === undefined ? '' : ` --endpoint-url '${url}'`;
  put('aws', `PYTHONPATH='${packages}' exec '${python}' -m awscli${there}`);
  if (url !== undefined) put('npx', NPX.join('\n'));
  if (spawnSync('jq', ['--version'], { env }).status !== 0) {
    put('jq', `exec '${process.execPath}' '${join(import.meta.dirname, 'jq.mjs')}'`);
  }
  return bin;
}
