import { expect, test } from 'vitest';
import { AWS_HOST, privateNetwork } from '../support/private-network.js';
import { BOTH, privateWorld } from './private-world.js';

test.each(['https_proxy'])('calls AWS and Mistral through %s', async (name) => {
  const { sync, network } = await privateWorld();
  const env = { [name]: network.proxy, AWS_CA_BUNDLE: network.caPath };
  expect(await sync(env)).toMatchObject({ status: 0, stderr: '' });
  expect(new Set(network.seen.map(({ what }) => what))).toEqual(new Set(BOTH));
});

test('signs in to the proxy', async () => {
  const { sync, network } = await privateWorld();
  const HTTPS_PROXY = `http://me:s%20cret@${network.proxy}`;
  expect(await sync({ HTTPS_PROXY, AWS_CA_BUNDLE: network.caPath })).toMatchObject({ status: 0 });
  const credentials = `Basic ${Buffer.from('me:s cret').toString('base64')}`;
  expect(new Set(network.seen.map((one) => one.credentials))).toEqual(new Set([credentials]));
});

test('the CA may also be one of NODE_EXTRA_CA_CERTS', async () => {
  const { sync, network } = await privateWorld();
  const env = { HTTPS_PROXY: network.proxy, NODE_EXTRA_CA_CERTS: network.caPath };
  expect(await sync(env)).toMatchObject({ status: 0, stderr: '' });
});

test('with other certificates in AWS_CA_BUNDLE, those of NODE_EXTRA_CA_CERTS stay', async () => {
  const { sync, network } = await privateWorld();
  const { caPath: other } = await privateNetwork('http://127.0.0.1:1');
  const env = { HTTPS_PROXY: network.proxy, AWS_CA_BUNDLE: other };
  expect(await sync({ ...env, NODE_EXTRA_CA_CERTS: network.caPath })).toMatchObject({ status: 0 });
});

test('without a proxy, AWS_CA_BUNDLE is for AWS and for Mistral', async () => {
  const { sync, network } = await privateWorld();
  const { direct, caPath } = network;
  expect(await sync({ AWS_CA_BUNDLE: caPath }, direct, direct)).toMatchObject({ status: 0 });
});

test.each(['NO_PROXY', 'no_proxy'])('%s is called without the proxy', async (name) => {
  const { sync, network } = await privateWorld();
  const { direct, caPath, proxy } = network;
  const env = { HTTPS_PROXY: proxy, [name]: 'example.com, 127.0.0.1', AWS_CA_BUNDLE: caPath };
  expect(await sync(env, direct, direct)).toMatchObject({ status: 0 });
  expect(network.seen).toEqual([]);
});

test.each(['HTTP_PROXY', 'http_proxy'])('%s is for addresses without TLS alone', async (name) => {
  const { sync, network } = await privateWorld();
  const env = { [name]: network.proxy, AWS_CA_BUNDLE: network.caPath };
  // The policy allows Mistral's address with TLS alone.
  const { status } = await sync(env, `http://${AWS_HOST}`, network.direct);
  expect(status).toBe(0);
  expect(new Set(network.seen.map(({ what }) => what))).toEqual(new Set([`POST ${AWS_HOST}`]));
});

test('a proxy that lets no request through is an error that names it', async () => {
  const { sync, network } = await privateWorld();
  network.hooks.refuses = true;
  const env = { HTTPS_PROXY: network.proxy, AWS_CA_BUNDLE: network.caPath };
  const aws = await sync(env);
  expect({ status: aws.status, ...aws.document.error }).toEqual({
    status: 3,
    code: 'aws_unreachable',
    message:
      'AWS could not be reached: the answer (status 407) is not from AWS; it may be from your proxy',
  });
});

test.each([
  [
    'a proxy that is none',
    { HTTPS_PROXY: 'http://me:s3cret@:::' },
    /HTTPS_PROXY is not the address/,
  ],
  [
    'a bundle that is not there',
    { AWS_CA_BUNDLE: '/none.pem' },
    /none\.pem could not be read: there is no such file/,
  ],
  [
    'a bundle of something else',
    { AWS_CA_BUNDLE: 'package.json' },
    /package\.json holds no certif/,
  ],
])('%s is an error', async (_what, env, said) => {
  const { sync } = await privateWorld();
  const { status, document } = await sync(env);
  expect(document.error.message).toMatch(said);
  expect(document.error.message).not.toContain('s3cret');
  expect({ status, code: document.error.code }).toEqual({ status: 2, code: 'wrong_input' });
});

test('a proxy that does not speak TLS, although its address says so, is an error of one line', async () => {
  const { sync, network } = await privateWorld();
  const env = { HTTPS_PROXY: `https://me:s3cret@${network.proxy}`, AWS_CA_BUNDLE: network.caPath };
  const { status, document } = await sync(env);
  expect({ status, code: document.error.code }).toEqual({ status: 3, code: 'aws_unreachable' });
  expect(document.error.message).toMatch(/^AWS could not be reached: .*[^\n]$/);
  expect(document.error.message).not.toContain('s3cret');
});
