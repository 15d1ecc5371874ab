import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import type { AwsProxy } from './aws-proxy.js';
import { type Certificate, createCertificate } from './certificate.js';
import { endGroup } from './commands.js';
import { clockAt, clockOf } from './faked-clock.js';
import { CACHE, installTools, putUserCommands, SDK_PACKAGES } from './tools.js';
import { until, within } from './waiting.js';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
/** The emulator's own name for the account's root, who deploys. */
export const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };
const STOP_MS = 10_000;
const SHOWN_LINES = 40;

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** Runs this program again under a clock that begins at an instant; returns its exit status. */
export async function runAgainAt(instant: string, args: readonly string[]): Promise<number> {
  const clock = clockAt(instant, process.env);
  await installTools(CACHE, process.env, SDK_PACKAGES);
  await installTools(CACHE, process.env); // under a false clock, no package index is trusted
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...clock },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void child.kill(signal));
  }
  const [status] = await once(child, 'exit');
  return status ?? 1;
}

/**
 * Installs MiniStack and the AWS CLI, unless they are there, and starts the former.
 * `onStart` gets what stops it, also where it never comes up. Flows wait so long for any instant to
 * come, or as long as in AWS.
 */
export async function startEmulator(
  folder: string,
  proxy: AwsProxy,
  onStart: (stop: () => Promise<void>) => void,
  flowWaitSeconds: number | undefined,
) {
  const tools = await installTools(CACHE, process.env);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const certificate = await createCertificate(folder);
  const logPath = join(folder, 'ministack.log');
  /** The end of what it and the functions logged. */
  const lastLines = (): string =>
    readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
  const log = openSync(logPath, 'w');
  const child = spawn(tools.python, [join(import.meta.dirname, 'ministack_like_aws.py')], {
    cwd: folder,
    stdio: ['ignore', log, log],
    detached: true, // the functions' processes are in its group
    env: {
      ...clockOf(process.env),
      PATH: process.env.PATH,
      PYTHONPATH: tools.packages,
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
      MINISTACK_SSL_CERT: certificate.path,
      MINISTACK_SSL_KEY: certificate.keyPath,
      SFN_WAIT_SCALE: '0', // of retries, which come at once
      ...(flowWaitSeconds && { FLOW_WAIT_SECONDS: String(flowWaitSeconds) }),
      AUTH: 'true', // what roles and resource policies allow is enforced
      AWS_ENDPOINT_URL: proxy.url, // of functions, so that this run can lose answers
      NODE_EXTRA_CA_CERTS: certificate.path,
      NODE_OPTIONS: `--require=${join(import.meta.dirname, 'lambda-streaming.cjs')}`,
    },
  });
  closeSync(log);
  onStart(() => stop(child));
  const { pem: ca } = certificate;
  const dispatcher = new Agent({ connect: { ca } });
  const trusting = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(url + path, { ...init, dispatcher });
  await until(
    'a MiniStack that starts',
    async () => {
      const health = await trusting('/_ministack/health').catch(String);
      if (child.exitCode !== null) throw new Error(`MiniStack has ended:\n${lastLines()}`);
      return typeof health === 'string' ? health : health.status;
    },
    (status) => status === 200,
    { pauseMs: 250 },
  );
  proxy.forwardTo(url, ca);
  const bin = putUserCommands(folder, tools, process.env, url);
  return { url, env: environment(url, certificate, folder, bin), ca, fetch: trusting, lastLines };
}

/** With the functions, which run in its process group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await within(STOP_MS, exited);
  }
  endGroup(child);
}

/** Below those that systems give to any connection: one of them may be taken before the emulator starts. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
  throw new Error('no port between 20000 and 32000 is free');
}

/** For the CDK CLI, `aws` and SDKs: nothing of this machine's own account. */
function environment(
  url: string,
  certificate: Certificate,
  folder: string,
  bin: string,
): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  return {
    ...Object.fromEntries(ours),
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: folder,
    AWS_ENDPOINT_URL: url,
    AWS_CA_BUNDLE: certificate.path,
    NODE_EXTRA_CA_CERTS: certificate.path,
    AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_PAGER: '',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}
