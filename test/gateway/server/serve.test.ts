import { expect, test } from 'vitest';
import { serveGateway } from '../../../gateway/server/serve.js';
import { parseServeOptions } from '../../../gateway/server/serve-options.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DEVELOPER,
  eventually,
  gatewayWorld,
} from '../../support/gateway-world.js';

const STACK = { QUOTA_TABLE_NAME: 'quotas', ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:1:alerts' };

test('without options the server is reachable from this machine only', () => {
  expect(parseServeOptions([], STACK)).toEqual({
    kind: 'options',
    options: {
      port: 8787,
      host: '127.0.0.1',
      policyPath: 'governance.yaml',
      callerHeader: 'x-caller-arn',
      quotaTableName: 'quotas',
      alertsEnv: { ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:1:alerts' },
    },
  });
});

test('other hosts need a caller header that a proxy vouches for', () => {
  expect(parseServeOptions(['--host', '0.0.0.0'], STACK)).toMatchObject({ kind: 'wrong' });
  expect(
    parseServeOptions(['--host', '0.0.0.0', '--caller-header', 'x-amzn-arn'], STACK),
  ).toMatchObject({
    options: { host: '0.0.0.0', callerHeader: 'x-amzn-arn' },
  });
});

test.each([
  ['--port', 'http'],
  ['--port', '70000'],
  ['--caller-header', 'a b'],
  ['--prot', '1'],
])('fails on %s %s', (...args) => {
  expect(parseServeOptions(args, STACK)).toMatchObject({ kind: 'wrong' });
});

test('fails without the names of the quota table and the topic', () => {
  expect(parseServeOptions([], { ...STACK, QUOTA_TABLE_NAME: '' })).toMatchObject({
    kind: 'wrong',
    message: expect.stringContaining('QUOTA_TABLE_NAME is not set'),
  });
});

test('a stopped server finishes its requests, and returns the leases after the last settlement', async () => {
  let finish = () => {};
  const world = await gatewayWorld((response) => {
    finish = () => answerJson(response, 200, COMPLETION);
  });
  const settledAtClose: number[] = [];
  const close = async () => void settledAtClose.push(world.quotas.ends.settled);
  const options = { host: '127.0.0.1', port: 0, callerHeader: CALLER_HEADER };
  const running = await serveGateway(options, {
    gateway: world.gateway,
    missing: async () => ({ models: false, keys: [] }),
    close,
  });
  await running.ready;
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  const answer = fetch(`${running.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER },
    body: JSON.stringify(CHAT),
  });
  await eventually(() => world.received.length === 1);

  const stopped = [running.stop(), running.stop()];
  // A load balancer that still asks on its connection sends no more.
  const health = await fetch(`${running.url}/healthz`).catch(() => undefined);
  expect(health?.status ?? 503).toBe(503);
  finish();
  await Promise.all(stopped);

  expect((await answer).status).toBe(200);
  expect(settledAtClose).toEqual([1]);
});
