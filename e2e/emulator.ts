import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { endGroup } from './commands.js';
import type { Door } from './door.js';
import { installTools } from './install.js';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
/** The emulator's own name for the account's root, who deploys. */
export const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };
const START_ATTEMPTS = 240;
const ATTEMPT_MS = 250;
const STOP_MS = 10_000;
const SHOWN_LINES = 40;

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
  /** The end of what it and the functions logged. */
  lastLines(): string;
}

/**
 * Installs MiniStack and the AWS CLI into `cache`, unless they are there, and starts the former.
 * `onStart` gets what stops it, also where it never comes up.
 */
export async function startEmulator(
  cache: string,
  folder: string,
  door: Door,
  onStart: (stop: () => Promise<void>) => void,
): Promise<Emulator> {
  const bin = await installTools(cache, process.env);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const certificate = join(folder, 'ministack-tls', 'server.crt');
  const logPath = join(folder, 'ministack.log');
  const log = openSync(logPath, 'w');
  const child = spawn(join(bin, 'ministack'), [], {
    cwd: folder,
    stdio: ['ignore', log, log],
    detached: true, // the functions' processes are in its group
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
      AWS_ENDPOINT_URL: door.url, // of functions, whose calls this run can lose
      NODE_EXTRA_CA_CERTS: certificate,
      NODE_OPTIONS: `--require=${join(import.meta.dirname, 'lambda-streaming.cjs')}`,
    },
  });
  closeSync(log);
  onStart(() => stop(child));
  const call = await started(child, url, certificate, logPath);
  const ca = readFileSync(certificate, 'utf8');
  door.leadTo(url, ca);

  return {
    url,
    env: environment(url, certificate, folder),
    awsCli: join(bin, 'aws'),
    ca,
    fetch: call,

    async scaleWaits(factor) {
      const body = JSON.stringify({ 'stepfunctions._SFN_WAIT_SCALE': factor });
      const answer = await call('/_ministack/config', { method: 'POST', body });
      if (!answer.ok) throw new Error(`waits could not be scaled: ${answer.status}`);
    },

    lastLines: () =>
      readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n'),
  };
}

/** With the functions, which run in its process group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exited, setTimeout(STOP_MS, undefined, { ref: false })]);
  }
  endGroup(child);
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
