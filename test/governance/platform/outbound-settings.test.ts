import { expect, test } from 'vitest';
import { outboundSettings, proxyFor } from '../../../governance/platform/outbound-settings.js';

const PROXY = 'http://proxy.test:3128';

test.each([
  [{}, undefined],
  [{ NO_PROXY: '*', NODE_EXTRA_CA_CERTS: 'extra.pem', HTTP_PROXY: '' }, undefined],
  [{ HTTPS_PROXY: PROXY }, { httpsProxy: PROXY, noProxy: '', caFiles: [] }],
  [{ https_proxy: PROXY, HTTPS_PROXY: 'http://other.test' }, { httpsProxy: PROXY }],
  [
    { http_proxy: 'proxy.test:3128', no_proxy: 'a' },
    { httpProxy: PROXY, noProxy: 'a' },
  ],
  [{ AWS_CA_BUNDLE: 'ca.pem' }, { caFiles: ['ca.pem'] }],
  [{ AWS_CA_BUNDLE: 'ca.pem', NODE_EXTRA_CA_CERTS: 'x.pem' }, { caFiles: ['x.pem', 'ca.pem'] }],
])('%j', (env, expected) => {
  const settings = outboundSettings(env);
  if (expected === undefined) expect(settings).toBeUndefined();
  else expect(settings).toMatchObject(expected);
});

test.each(['http://', 'socks5://proxy.test', ':::'])(
  '%s is not the address of a proxy',
  (given) => {
    expect(() => outboundSettings({ HTTP_PROXY: given })).toThrow(
      'HTTP_PROXY is not the address of a proxy, such as http://proxy.example.com:3128',
    );
  },
);

const BOTH = { HTTPS_PROXY: PROXY, HTTP_PROXY: 'http://plain.test' };

test.each([
  ['', 'https://api.mistral.ai/v1', PROXY],
  ['', 'http://api.mistral.ai/v1', 'http://plain.test'],
  ['*', 'https://api.mistral.ai', undefined],
  ['mistral.ai', 'https://api.mistral.ai', undefined],
  ['.mistral.ai', 'https://API.mistral.ai', undefined],
  ['*.mistral.ai', 'https://api.mistral.ai', undefined],
  ['example.com, .amazonaws.com ', 'https://sqs.eu-west-1.amazonaws.com', undefined],
  ['stral.ai', 'https://api.mistral.ai', PROXY],
  ['api.mistral.ai.example.com,,', 'https://api.mistral.ai', PROXY],
  ['localhost:8443', 'https://localhost:8443', undefined],
  ['localhost:8443', 'https://localhost', PROXY],
  ['mistral.ai:443', 'https://api.mistral.ai', undefined],
  ['169.254.169.254', 'http://169.254.169.254/latest', undefined],
  ['::1', 'https://[::1]:9000', undefined],
])('NO_PROXY=%s and %s', (NO_PROXY, url, expected) => {
  const settings = outboundSettings({ ...BOTH, NO_PROXY });
  expect(settings && proxyFor(new URL(url), settings)).toBe(expected);
});

test('HTTP_PROXY is not for TLS, nor HTTPS_PROXY for anything else', () => {
  const plain = outboundSettings({ HTTP_PROXY: PROXY });
  const secure = outboundSettings({ HTTPS_PROXY: PROXY });
  expect(plain && proxyFor(new URL('https://a.test'), plain)).toBeUndefined();
  expect(secure && proxyFor(new URL('http://a.test'), secure)).toBeUndefined();
});
