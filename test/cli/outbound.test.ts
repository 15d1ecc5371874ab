import { expect, test } from 'vitest';
import { AWS_HOST } from '../support/private-network.js';
import { BOTH, privateWorld } from './private-world.js';

// Every other setting of a proxy and of certificates: outbound.exhaustive.ts

test.each(['HTTPS_PROXY'])('calls AWS and Mistral through %s', async (name) => {
  const { sync, network } = await privateWorld();
  const env = { [name]: network.proxy, AWS_CA_BUNDLE: network.caPath };
  expect(await sync(env)).toMatchObject({ status: 0, stderr: '' });
  expect(new Set(network.seen.map(({ what }) => what))).toEqual(new Set(BOTH));
});

test.each([
  ['AWS', `https://${AWS_HOST}`, 'aws_unreachable'],
  ['Mistral', undefined, 'mistral_unreachable'],
])('an unknown CA of %s is an error that names the variables', async (_which, aws, code) => {
  const { sync, network } = await privateWorld();
  // Where AWS is to be reached, it is reached without TLS.
  const env = { HTTPS_PROXY: network.proxy, HTTP_PROXY: network.proxy };
  const { status, document } = await sync(env, aws ?? `http://${AWS_HOST}`);
  expect({ status, code: document.error.code }).toEqual({ status: 3, code });
  expect(document.error.message).toMatch(/certificate/);
  expect(document.error.message).toMatch(/AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS/);
});
