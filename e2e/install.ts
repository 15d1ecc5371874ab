import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { command } from './commands.js';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const NEEDED = [
  ['python3', '-c', 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))'],
  ['openssl', 'version'],
  ['bash', '--version'],
  ['jq', '--version'],
] as const;
const LOCK_ATTEMPTS = 600;
const LOCK_PAUSE_MS = 500;

/**
 * Installs MiniStack and the AWS CLI into a virtual environment of their own, unless they are there;
 * returns where their commands are. What is there in part, or does not run any more, is made anew.
 */
export async function installTools(cache: string, env: NodeJS.ProcessEnv): Promise<string> {
  await claimCommands(env);
  mkdirSync(dirname(cache), { recursive: true });
  const unlock = await lock(`${cache}.lock`);
  try {
    if (!(await isWhole(cache, env))) await install(cache, env);
  } finally {
    unlock();
  }
  return join(cache, 'bin');
}

async function claimCommands(env: NodeJS.ProcessEnv): Promise<void> {
  for (const [file, ...args] of NEEDED) {
    await command(file, args, env).catch((cause: unknown) => {
      throw new Error(
        `"${file} ${args.join(' ')}" fails: e2e needs python3 (3.10 or newer, with venv and pip), openssl, bash and jq`,
        { cause },
      );
    });
  }
}

/** The mark is written last, so what has none was never finished. */
async function isWhole(cache: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const tries = ['-c', 'import ministack, awscli, botocore.session, hypercorn'];
  try {
    if (readFileSync(markOf(cache), 'utf8') !== markFor(cache)) return false;
    await command(join(cache, 'bin', 'python'), tries, env);
    return true;
  } catch {
    return false;
  }
}

const markOf = (cache: string) => join(cache, 'installed.txt');

/** Its commands hold the path that it was made at: moved or copied, it is of no use. */
const markFor = (cache: string) => `# ${cache}\n${readFileSync(REQUIREMENTS, 'utf8')}`;

async function install(cache: string, env: NodeJS.ProcessEnv): Promise<void> {
  rmSync(cache, { recursive: true, force: true });
  await command('python3', ['-m', 'venv', cache], env);
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--retries', '2'];
  try {
    await command(join(cache, 'bin', 'pip'), [...pip, '--requirement', REQUIREMENTS], env);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const unreached =
      /NewConnectionError|ConnectTimeout|name resolution|Max retries|ProxyError|versions: none/i;
    if (!unreached.test(said)) throw cause;
    throw new Error(
      `no package index reached: e2e installs MiniStack and the AWS CLI with pip into ${cache} when it first runs, and needs the network (or PIP_INDEX_URL) for that; pip says:\n${said}`,
      { cause },
    );
  }
  writeFileSync(markOf(cache), markFor(cache));
}

/** Two runs at the same time must not install into the same folder. */
async function lock(folder: string): Promise<() => void> {
  const owner = join(folder, 'pid');
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt += 1) {
    try {
      mkdirSync(folder);
      writeFileSync(owner, String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (hasEnded(owner)) rmSync(folder, { recursive: true, force: true });
      else await setTimeout(LOCK_PAUSE_MS);
    }
  }
  throw new Error(`${folder} is held by another run: remove it if there is none`);
}

function hasEnded(owner: string): boolean {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
