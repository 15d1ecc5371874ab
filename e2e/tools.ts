import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from './commands.js';
import { until } from './waiting.js';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const PYTHON =
  'import pip, sys; assert sys.version_info >= (3, 10); print(sys.executable); print(sys.version)';
/** An installation takes a minute; another run may do one meanwhile. */
const LOCK_LIMITS = { attempts: 2000, limitMs: 900_000 };

/** Python, and the folder of the packages that it runs. */
export interface Tools {
  readonly python: string;
  readonly packages: string;
}

/**
 * Installs MiniStack and the AWS CLI into a folder of their own, unless they are there. What is
 * there in part, or does not run any more, is installed again.
 */
export async function installTools(cache: string, env: NodeJS.ProcessEnv): Promise<Tools> {
  const [python = '', version] = (await need('python3', ['-c', PYTHON], env)).split('\n');
  await need('bash', ['--version'], env);
  const tools = { python, packages: cache };
  // Some of what is installed is made for one version of Python.
  const mark = `# ${version}\n${readFileSync(REQUIREMENTS, 'utf8')}`;
  mkdirSync(dirname(cache), { recursive: true });
  const unlock = await lock(`${cache}.lock`);
  try {
    if (!(await isWhole(tools, mark, env))) await install(tools, mark, env);
  } finally {
    unlock();
  }
  return tools;
}

async function need(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  try {
    return (await command(file, args, env)).stdout;
  } catch (cause) {
    throw new Error(
      `"${file} ${args.join(' ')}" fails: e2e needs python3 (3.10 or newer, with pip) and bash`,
      { cause },
    );
  }
}

/** The mark is written last, so what has none was never finished. */
async function isWhole(
  { python, packages }: Tools,
  mark: string,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const tries = ['-c', 'import ministack, awscli, botocore.session, hypercorn'];
  try {
    if (readFileSync(markIn(packages), 'utf8') !== mark) return false;
    await command(python, tries, { ...env, PYTHONPATH: packages });
    return true;
  } catch {
    return false;
  }
}

const markIn = (packages: string) => join(packages, 'installed.txt');

async function install(
  { python, packages }: Tools,
  mark: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  rmSync(packages, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '2'];
  // Two wishes that users may have for their own environment.
  const here = { ...env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  const what = ['--target', packages, '--requirement', REQUIREMENTS];
  try {
    await command(python, [...pip, ...what], here);
  } catch (cause) {
    const printed = cause instanceof Error ? cause.message : String(cause);
    const unreached =
      /NewConnectionError|ConnectTimeout|name resolution|Max retries|ProxyError|versions: none/i;
    if (!unreached.test(printed)) throw cause;
    throw new Error(
      `no package index reached: e2e installs MiniStack and the AWS CLI with pip into ${packages} when it first runs, and needs the network (or PIP_INDEX_URL) for that; pip says:\n${printed}`,
      { cause },
    );
  }
  writeFileSync(markIn(packages), mark);
}

/** Two runs at the same time must not install into the same folder. */
async function lock(folder: string): Promise<() => void> {
  const owner = join(folder, 'pid');
  await until(
    `no other run that installs (if there is none, remove ${folder})`,
    async () => {
      try {
        mkdirSync(folder);
        return 'ours';
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (hasEnded(owner)) rmSync(folder, { recursive: true, force: true });
        return 'held by another run';
      }
    },
    (state) => state === 'ours',
    LOCK_LIMITS,
  );
  writeFileSync(owner, String(process.pid));
  return () => rmSync(folder, { recursive: true, force: true });
}

function hasEnded(owner: string): boolean {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Puts the commands that README and runbook have users run where a shell finds them first. */
export function putUserCommands(
  folder: string,
  { python, packages }: Tools,
  url: string,
  env: NodeJS.ProcessEnv,
): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const put = (name: string, line: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${line} "$@"\n`, { mode: 0o755 });
  // The address by option: for SQS the AWS CLI does not heed the environment's.
  put('aws', `PYTHONPATH='${packages}' exec '${python}' -m awscli --endpoint-url '${url}'`);
  if (spawnSync('jq', ['--version'], { env }).status !== 0) {
    put('jq', `exec '${process.execPath}' '${join(import.meta.dirname, 'jq.mjs')}'`);
  }
  return bin;
}
