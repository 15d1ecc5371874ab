import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { type KnownKeys, whatIsWrong } from '../testing/fakes/signatures.js';
import { endGroup } from './commands.js';
import { REGION } from './emulator.js';
import { answerThroughFunction, ML_ENGINEER } from './gateway.js';
import { claim } from './report.js';
import type { Scene } from './scene.js';
import { isNpmClient, runNpmTask } from './sdks/npm-clients.js';
import { startPypiClients } from './sdks/pypi-clients.js';
import { CLIENTS, type SdkClient, type SdkOutcome, SMALL } from './sdks/tasks.js';
import { LATE, within } from './waiting.js';

const ROOT = join(import.meta.dirname, '..');
const START_MS = 120_000;
const StartedSchema = z.object({ url: z.string(), caller: z.string() });

/** Of one session: the second keys are given out once the first ones have expired. */
const KEYS = {
  ASIAFIRST: { secretAccessKey: 'secret-of-first', sessionToken: 'token-of-first' },
  ASIASECOND: { secretAccessKey: 'secret-of-second', sessionToken: 'token-of-second' },
} satisfies KnownKeys;
type KeyId = keyof typeof KEYS;

/**
 * The official SDKs, which only get another address, call `mistral-governance proxy`: that signs with
 * credentials that expire meanwhile, and calls the deployed function.
 */
export async function callThroughProxy(scene: Scene): Promise<void> {
  const { report } = scene;
  const stops: (() => unknown)[] = [];
  try {
    const pypi = await startPypiClients(scene.emulator.env, (stop) => stops.unshift(stop));
    const front = await openFront(scene);
    stops.unshift(() => front.server.close());
    const proxy = await startProxy(scene, front.url);
    stops.unshift(() => endGroup(proxy.child));
    claim(proxy.caller === ML_ENGINEER, 'the caller whose credentials sign', proxy.caller);

    const run = (
      client: SdkClient,
      call: 'chat' | 'stream',
      model = SMALL,
    ): Promise<SdkOutcome> => {
      const task = {
        client,
        call,
        model,
        url: proxy.url,
        headers: {},
        maxTokens: 50,
        prompt: 'Say hello.',
      };
      report.count('stepsDriven', `through the proxy: ${client}`);
      return isNpmClient(client) ? runNpmTask({ ...task, client }) : pypi.run(task);
    };
    for (const client of CLIENTS) {
      const chat = await run(client, 'chat');
      claim(chat.kind === 'answered' && chat.text !== '', `an answer for ${client}`, chat);
    }
    front.expire();
    for (const client of CLIENTS) {
      const stream = await run(client, 'stream');
      claim(
        stream.kind === 'answered' && (stream.pieces ?? 0) > 1,
        `a stream for ${client}`,
        stream,
      );
      const refused = await run(client, 'chat', 'mistral-medium-latest');
      // LiteLLM shows the words of an error, and not its code.
      const isRefused =
        refused.kind === 'refused' &&
        refused.status === 403 &&
        /model_not_allowed|is not allowed for role/.test(refused.said);
      claim(isRefused, `a refusal of the policy for ${client}`, refused);
    }
    claim(
      front.rejected.every((why) => why === 'expired'),
      'no other rejection than of what expired',
      front.rejected,
    );
    claim(front.rejected.length > 0, 'credentials that expired');

    proxy.child.kill('SIGINT');
    const [status] = await once(proxy.child, 'exit');
    claim(status === 0, 'a proxy that ends on ^C', status);
  } finally {
    for (const stop of stops) await stop();
  }
}

/**
 * A function URL as AWS has it: it verifies signatures, and tells the deployed function who calls. The emulator's own
 * does not pass identities on. It also gives out the credentials, as a container's endpoint does.
 */
async function openFront(scene: Scene) {
  let valid: KeyId = 'ASIAFIRST';
  const rejected: string[] = [];
  const server = createServer(async (request, response) => {
    const { url = '/', method = '', headers } = request;
    const body = await buffer(request);
    if (url === '/credentials') {
      const { secretAccessKey, sessionToken } = KEYS[valid];
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      const given = {
        AccessKeyId: valid,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration,
      };
      response.end(JSON.stringify(given));
      return;
    }
    const wrong = whatIsWrong({ url, method, headers, body }, KEYS, new Date());
    const isExpired = wrong === undefined && !headers.authorization?.includes(valid);
    if (wrong !== undefined || isExpired) {
      rejected.push(wrong ?? 'expired');
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(
        `{"message":"${wrong ?? 'The security token included in the request is expired'}"}`,
      );
      return;
    }
    const given = Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && name !== 'host' ? [[name, value] as const] : [],
    );
    const init = { method, headers: Object.fromEntries(given), ...(body.length > 0 && { body }) };
    const sent = new Request(`http://gateway.invalid${url}`, init);
    const answer = await answerThroughFunction(scene, sent, ML_ENGINEER);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server: server as Pick<Server, 'close'>,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rejected,
    expire() {
      valid = 'ASIASECOND';
    },
  };
}

/** As a user starts it, with the credentials of a container. */
async function startProxy({ emulator }: Scene, gatewayUrl: string) {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...env } = emulator.env;
  const args = ['proxy', '--gateway', gatewayUrl, '--port', '0', '--region', REGION, '--json'];
  const child = spawn(process.execPath, [join(ROOT, 'bin/mistral-governance.js'), ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...env, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${gatewayUrl}/credentials` },
  });
  let printed = '';
  const started = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.endsWith('}\n')) resolve(printed);
    });
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}: ${printed}`)));
  });
  const text = await within(START_MS, started);
  if (text === LATE) throw new Error('the proxy does not start');
  return { child, ...StartedSchema.parse(JSON.parse(text)) };
}
