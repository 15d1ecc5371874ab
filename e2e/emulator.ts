import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { command } from './commands.js';

/** 1.4 knows no function URLs; newer ones of 1.5 do. */
const PACKAGES = ['ministack==1.5.33', 'awscli==1.46.2'];
export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
/** The emulator's own name for the account's root, who deploys. */
export const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };
const START_ATTEMPTS = 120;
const ATTEMPT_MS = 250;

export interface Emulator {
  readonly url: string;
  /** For the CDK CLI, the AWS CLI and SDKs: nothing of this machine's own account. */
  readonly env: NodeJS.ProcessEnv;
  readonly awsCli: string;
  /** Of the certificate that it made for itself. */
  readonly ca: string;
  /** Trusts that certificate. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Makes the waits of state machines last this part of their time. */
  scaleWaits(factor: number): Promise<void>;
  stop(): Promise<void>;
}

/** Installs MiniStack and the AWS CLI into `cache`, unless they are there, and starts the former. */
export async function startEmulator(cache: string, folder: string): Promise<Emulator> {
  const bin = await install(cache);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
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
      USE_SSL: '1', // policies of topics and buckets deny what comes without TLS
      AUTH: 'true', // what roles and resource policies allow is enforced
      NODE_OPTIONS: `--require=${join(import.meta.dirname, 'lambda-streaming.cjs')}`,
    },
  });
  closeSync(log);
  const certificate = join(folder, 'ministack-tls', 'server.crt');
  const call = await started(child, url, certificate, join(folder, 'ministack.log'));

  return {
    url,
    env: environment(url, certificate, folder),
    awsCli: join(bin, 'aws'),
    ca: readFileSync(certificate, 'utf8'),
    fetch: call,

    async scaleWaits(factor) {
      const body = JSON.stringify({ 'stepfunctions._SFN_WAIT_SCALE': factor });
      const answer = await call('/_ministack/config', { method: 'POST', body });
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

async function started(
  child: ChildProcess,
  url: string,
  certificate: string,
  log: string,
): Promise<Emulator['fetch']> {
  for (let attempt = 0; attempt < START_ATTEMPTS && child.exitCode === null; attempt += 1) {
    await setTimeout(ATTEMPT_MS);
    if (!existsSync(certificate)) continue;
    const dispatcher = new Agent({ connect: { ca: readFileSync(certificate, 'utf8') } });
    const call: Emulator['fetch'] = (path, init) => fetch(url + path, { ...init, dispatcher });
    const health = await call('/_ministack/health').catch(() => undefined);
    if (health?.ok) return call;
    await dispatcher.destroy();
  }
  child.kill('SIGKILL');
  throw new Error(`MiniStack did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

function environment(url: string, certificate: string, folder: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(AWS|CDK)_/.test(name)) env[name] = value;
  }
  return {
    ...env,
    HOME: folder,
    AWS_ENDPOINT_URL: url,
    AWS_CA_BUNDLE: certificate,
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_PAGER: '',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}
