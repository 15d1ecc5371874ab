import { expect, test } from 'vitest';
import { eventually } from '../../support/gateway-world.js';
import { EVERYTHING, ended, listening, policyFile, remoteSystems } from './server-process.js';

// Every other refusal to start, and proxies: main.exhaustive.ts

test('a wrong policy is an error of one line, with everything that is wrong', async () => {
  const path = policyFile('wrong', (document) => {
    document.workspaces[0].requestsPerMinute = 0;
    document.roles.analyst.dailyTokens = -1;
  });
  const { status, stderr } = await ended(['--policy', path], EVERYTHING);
  expect(stderr).toMatch(
    /wrong\.yaml has 2 problems: \S+wrong\.yaml:\d+:\d+ {2}workspaces.*; \S+wrong\.yaml:\d+:\d+ {2}roles\.analyst\.dailyTokens.*\n$/,
  );
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(status).toBe(1);
});

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
