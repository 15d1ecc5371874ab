import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { command } from './commands.js';

/** 1.4 knows no function URLs; newer ones of 1.5 do. */
const PACKAGES = ['ministack==1.5.33', 'awscli==1.46.2'];
export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
const START_ATTEMPTS = 120;
const ATTEMPT_MS = 250;

export interface Emulator {
  readonly url: string;
  /** For the CDK CLI, the AWS CLI and SDKs: nothing of this machine's own account. */
  readonly env: NodeJS.ProcessEnv;
  readonly awsCli: string;
  /** Makes the waits of state machines last this part of their time. */
  scaleWaits(factor: number): Promise<void>;
  stop(): Promise<void>;
}

/** Installs MiniStack and the AWS CLI into `cache`, unless they are there, and starts the former. */
export async function startEmulator(cache: string, folder: string): Promise<Emulator> {
  const bin = await install(cache);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = openSync(join(folder, 'ministack.log'), 'w');
  const child = spawn(join(bin, 'ministack'), [], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      // Functions are unpacked there: outside of the repository, whose package.json makes ESM of all.
      TMPDIR: folder,
      S3_DATA_DIR: join(folder, 's3'),
      STATE_DIR: join(folder, 'state'),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      MINISTACK_REGION: REGION,
      NODE_OPTIONS: `--require=${join(import.meta.dirname, 'lambda-streaming.cjs')}`,
    },
  });
  closeSync(log);
  await started(child, url, join(folder, 'ministack.log'));

  return {
    url,
    env: environment(url, folder),
    awsCli: join(bin, 'aws'),

    async scaleWaits(factor) {
      const body = JSON.stringify({ 'stepfunctions._SFN_WAIT_SCALE': factor });
      const answer = await fetch(`${url}/_ministack/config`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`waits could not be scaled: ${answer.status}`);
    },

    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(STOP_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
      await Promise.race([exited, late.then(() => exited)]);
    },
  };
}

const STOP_MS = 10_000;

async function install(cache: string): Promise<string> {
  const bin = join(cache, 'bin');
  if (!existsSync(join(bin, 'pip'))) {
    await command('python3', ['-m', 'venv', cache], process.env);
  }
  // Nothing to do, and quickly so, where these versions are there already.
  const args = ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES];
  await command(join(bin, 'pip'), args, process.env);
  return bin;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function started(child: ChildProcess, url: string, log: string): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS && child.exitCode === null; attempt += 1) {
    const health = await fetch(`${url}/_ministack/health`).catch(() => undefined);
    if (health?.ok) return;
    await setTimeout(ATTEMPT_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`MiniStack did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

function environment(url: string, folder: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(AWS|CDK)_/.test(name)) env[name] = value;
  }
  return {
    ...env,
    HOME: folder,
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'emulated',
    AWS_SECRET_ACCESS_KEY: 'emulated',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_PAGER: '',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}
