import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
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

const ROOT = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'plain-server-'));
export const STACK = {
  QUOTA_TABLE_NAME: 'quotas',
  ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:1:alerts',
};
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
export const REGION = { AWS_REGION: 'eu-west-1' };
export const EVERYTHING = { ...STACK, ...CREDENTIALS, ...REGION };

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

export async function ended(args: readonly string[], env: Record<string, string>) {
  const child = start(args, env);
  const [stderr] = await Promise.all([text(child.stderr as never), once(child, 'close')]);
  return { status: child.exitCode, stderr };
}

export function policyFile(
  name: string,
  change: (document: ReturnType<typeof policyDocument>) => void,
) {
  const document = policyDocument();
  change(document);
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(document));
  return path;
}

/** Stand-ins for AWS and Mistral, and what puts the keys of workspaces into their secrets. */
export async function remoteSystems() {
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
export async function listening(apiUrl: string, env: Record<string, string>) {
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

export function chat(url: string | undefined): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER, 'content-type': 'application/json' },
    body: JSON.stringify(CHAT),
  });
}
