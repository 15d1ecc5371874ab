import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { serializeManagedKey } from '../../../governance/keys/managed-key.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { startLocalDynamo } from '../../../testing/dynamo.js';
import { createAlertInbox } from '../../../testing/fakes/alert-inbox.js';
import { createExecutions } from '../../../testing/fakes/executions.js';
import { createFakeKeys } from '../../../testing/fakes/mistral-keys.js';
import { createFakeMistral, fakeOrganization } from '../../../testing/fakes/mistral-server.js';
import { createSecretStore } from '../../../testing/fakes/secret-store.js';
import { openNetwork } from '../../../testing/network.js';
import { aManagedKey, policyDocument } from '../../support/builders.js';
import { CALLER_HEADER, CHAT, DEVELOPER, eventually } from '../../support/gateway-world.js';
import { AWS_HOST, MISTRAL_HOST, privateNetwork } from '../../support/private-network.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'plain-server-'));
const STACK = { QUOTA_TABLE_NAME: 'quotas', ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:1:alerts' };
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
const REGION = { AWS_REGION: 'eu-west-1' };
const EVERYTHING = { ...STACK, ...CREDENTIALS, ...REGION };

/** The plain server as a process, with nothing of this machine's own AWS settings. */
function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const program = ['--import', 'tsx', join('gateway', 'server', 'main.ts'), ...args];
  const nowhere = { HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
  const child = spawn(process.execPath, program, {
    cwd: ROOT,
    env: { PATH: dirname(process.execPath), ...nowhere, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(args: readonly string[], env: Record<string, string>) {
  const child = start(args, env);
  const [stderr] = await Promise.all([text(child.stderr as never), once(child, 'close')]);
  return { status: child.exitCode, stderr };
}

function policyFile(name: string, change: (document: ReturnType<typeof policyDocument>) => void) {
  const document = policyDocument();
  change(document);
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(document));
  return path;
}

test.each([
  [
    'an unknown option',
    ['--prot', '1'],
    EVERYTHING,
    2,
    /^unknown option --prot; usage: npm run ga/,
  ],
  ['an option without value', ['--port'], EVERYTHING, 2, /^--port needs a value; usage/],
  ['an argument', ['Zq7PlainKeyVw3XhR9t'], EVERYTHING, 2, /^only options are allowed; usage/],
  ['no table', [], { ...EVERYTHING, QUOTA_TABLE_NAME: '' }, 2, /^QUOTA_TABLE_NAME is not set/],
  ['no topic', [], { ...EVERYTHING, ALERTS_TOPIC_ARN: '' }, 2, /^ALERTS_TOPIC_ARN is not set/],
  ['no credentials', [], { ...STACK, ...REGION }, 1, /^no AWS credentials: sign in, or set AWS_PR/],
  ['no region', [], { ...STACK, ...CREDENTIALS }, 1, /^no AWS region: set AWS_REGION$/],
  ['no policy', ['--policy', 'none.yaml'], EVERYTHING, 1, /^policy none\.yaml could not be read/],
  [
    'another host',
    ['--host', '192.0.2.1', '--caller-header', 'x'],
    EVERYTHING,
    1,
    /not an address/,
  ],
])('%s is an error of one line', async (_what, args, env, status, said) => {
  const { stderr, ...end } = await ended(args, env);
  expect(stderr.trimEnd()).toMatch(said);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(end.status).toBe(status);
});

test('a wrong policy is an error of one line, with everything that is wrong', async () => {
  const path = policyFile('wrong', (document) => {
    document.workspaces[0].requestsPerMinute = 0;
    document.roles.analyst.dailyTokens = -1;
  });
  const { status, stderr } = await ended(['--policy', path], EVERYTHING);
  expect(stderr).toMatch(
    /wrong\.yaml has 2 problems: workspaces.*; roles\.analyst\.dailyTokens.*\n$/,
  );
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(status).toBe(1);
});

test('a taken port is an error of one line', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { status, stderr } = await ended(['--port', String(port)], EVERYTHING);
  expect(stderr).toBe(
    `port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another --port\n`,
  );
  expect(status).toBe(1);
});

/** Stand-ins for AWS and Mistral, and what puts the keys of workspaces into their secrets. */
async function remoteSystems() {
  const now = () => new Date();
  const dynamo = await startLocalDynamo();
  await dynamo.createTable('quotas');
  const secrets = createSecretStore(now, () => {});
  const keys = createFakeKeys({ now });
  const { workspaces } = policyDocument();
  const mistral = createFakeMistral(keys, fakeOrganization(workspaces), 'admin', now);
  const network = await openNetwork({
    ...{ mistral, secrets, dynamo, inbox: createAlertInbox(now) },
    executions: createExecutions(now, () => {}),
  });
  onTestFinished(async () => {
    await network.close();
    await dynamo.close();
  });
  const names: string[] = workspaces.map(({ name }: { name: string }) => name);
  return {
    url: network.url,
    names,
    storeKey(name: string): void {
      const { id: workspaceId } = workspaces.find((one: { name: string }) => one.name === name);
      const { plaintext } = keys.create({ workspaceId, userId: workspaceId });
      const value = serializeManagedKey({ ...aManagedKey('k'), apiKey: new ApiKey(plaintext) });
      secrets.create(`mistral/${name}/gateway`, { value });
    },
  };
}

/** The server on a free port, with a policy that leads to this Mistral. */
async function listening(apiUrl: string, env: Record<string, string>) {
  const path = policyFile('listening', (document) => {
    document.mistral = { ...document.mistral, apiUrl };
    document.gateway.enabled = true;
  });
  const child = start(['--port', '0', '--policy', path], { ...EVERYTHING, ...env });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as never }).on('line', (line) => said.push(line));
  }
  const urlIn = () => /listening at (\S+)\/v1/.exec(said.join('\n'))?.[1];
  await eventually(() => urlIn() !== undefined);
  const url = urlIn();
  return {
    url,
    said: () => said.join('\n'),
    async health(method = 'GET') {
      const answer = await fetch(`${url}/healthz`, { method });
      const body = await answer.text();
      return { status: answer.status, body: body && JSON.parse(body) };
    },
  };
}

test('is up at once, and ready once models and keys were read', async () => {
  const { url: AWS_ENDPOINT_URL, names, storeKey } = await remoteSystems();
  const { url, health } = await listening(AWS_ENDPOINT_URL, { AWS_ENDPOINT_URL });
  const [dev = '', ...others] = names;
  const waitingFor = names.map((name) => `key of workspace ${name}`);
  await eventually(async () => (await health()).body.waitingFor.length === names.length + 1);
  expect(await health()).toEqual({
    status: 503,
    body: { up: true, ready: false, waitingFor: ['models', ...waitingFor], unavailable: [] },
  });
  expect(await health('HEAD')).toEqual({ status: 503, body: '' });
  expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(404);

  for (const name of others) storeKey(name);
  await eventually(async () => (await health()).body.waitingFor.join() === waitingFor[0]);
  storeKey(dev);
  await eventually(async () => (await health()).status === 200);
  const body = { up: true, ready: true, waitingFor: [], unavailable: [] };
  expect(await health()).toEqual({ status: 200, body });
});

test('reaches AWS and Mistral through a proxy, with a private CA', async () => {
  const { url: behind, names, storeKey } = await remoteSystems();
  for (const name of names) storeKey(name);
  const network = await privateNetwork(behind);
  const { url, health } = await listening(`https://${MISTRAL_HOST}`, {
    AWS_ENDPOINT_URL: `https://${AWS_HOST}`,
    HTTPS_PROXY: network.proxy,
    AWS_CA_BUNDLE: network.caPath,
  });
  await eventually(async () => (await health()).status === 200);
  const answer = await chat(url);
  expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  const seen = new Set(network.seen.map(({ what }) => what));
  expect(seen).toEqual(new Set([`CONNECT ${AWS_HOST}:443`, `CONNECT ${MISTRAL_HOST}:443`]));
});

test('without the CA, it says which variables name one', async () => {
  const { url: behind, names, storeKey } = await remoteSystems();
  for (const name of names) storeKey(name);
  const { proxy } = await privateNetwork(behind);
  const server = await listening(`https://${MISTRAL_HOST}`, {
    AWS_ENDPOINT_URL: behind,
    HTTPS_PROXY: proxy,
  });
  await eventually(() => /AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS/.test(server.said()));
  await eventually(async () => (await server.health()).body.waitingFor.join() === 'models');
  const answer = await chat(server.url);
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({ message: 'Mistral could not be reached' });
});

function chat(url: string | undefined): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER, 'content-type': 'application/json' },
    body: JSON.stringify(CHAT),
  });
}
