import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/gateway-world.js';
import { AWS_HOST, MISTRAL_HOST, privateNetwork } from '../../support/private-network.js';
import {
  CREDENTIALS,
  chat,
  EVERYTHING,
  ended,
  listening,
  REGION,
  remoteSystems,
  STACK,
} from './server-process.js';

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
