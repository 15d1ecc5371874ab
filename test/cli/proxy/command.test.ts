import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { functionUrl } from '../../support/function-url.js';
import { listen } from '../../support/gateway-world.js';
import { openCliWorld } from '../cli-world.js';
import { documentOf, runCli } from '../run-cli.js';
import { EVENTS } from './proxy-world.js';

const LOCAL = { local: { secretAccessKey: 'local' } };
const STANDING = {
  caller: 'arn:aws:sts::111122223333:assumed-role/developer/ana',
  role: 'developer',
  workspace: 'dev-workspace',
  ...{ max_tokens_per_request: 2000, over_max_tokens: 'refuse', models: [], quotas: [] },
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  'finds the gateway, says who calls and what to paste, and on %s answers what is in flight',
  async (signal) => {
    let finish = () => {};
    const remote = await functionUrl(
      LOCAL,
      (response, { url }) => {
        if (url === '/v1/governance/me') {
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify(STANDING));
          return;
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENTS[0]);
        finish = () => void response.end(EVENTS[1]);
      },
      () => new Date(),
    );
    const world = await openCliWorld({ outputs: { GatewayUrl: `${remote.url}/` } });
    let inFlight = () => {};
    const interruptAfter = new Promise<string>((resolve) => {
      inFlight = () => resolve(signal);
    });
    let answer: Promise<string> | undefined;
    const run = await world.spawn(['proxy', '--port', '0'], {
      interruptAfter,
      onOutput(stdout) {
        const [, base] = /(http:\/\/127\.0\.0\.1:\d+\/v1) are signed/.exec(stdout) ?? [];
        if (base === undefined || answer) return;
        answer = fetch(`${base}/chat/completions`, {
          method: 'POST',
          body: '{"stream":true}',
        }).then((response) => {
          inFlight();
          setTimeout(finish, 300); // the signal is there first
          return response.text();
        });
      },
    });
    expect(await answer).toBe(`${EVENTS[0]}${EVENTS[1]}`);
    expect(run).toMatchObject({
      status: 0,
      stderr: 'waiting for 1 request in flight; ^C again cuts\n',
    });
    expect(run.stdout).toContain(`${STANDING.caller}, role developer in dev-workspace`);
    for (const client of [
      'mistralai',
      'LangChain',
      'LiteLLM',
      'OpenAI',
      'AI SDK',
      'Continue',
      'Vibe',
      'n8n',
    ]) {
      expect(run.stdout).toContain(client);
    }
    expect(remote.refused).toEqual([]);
  },
);

test('says at the start that the role is not a caller, and that other machines may spend', async () => {
  const message = 'caller "arn:aws:sts::111122223333:assumed-role/guest/ana" has no role';
  const remote = await functionUrl(
    LOCAL,
    (response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'error', code: 'unknown_caller', message }));
    },
    () => new Date(),
  );
  const world = await openCliWorld();
  let started = () => {};
  const interruptAfter = new Promise<void>((resolve) => {
    started = resolve;
  });
  const options = ['--gateway', remote.url, '--port', '0', '--host', '0.0.0.0', '--allow-remote'];
  const run = await world.spawn(['proxy', ...options], {
    interruptAfter,
    onOutput: (stdout) => stdout.includes('n8n') && started(),
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toContain(`! ${message}; add the role to the policy's callers and deploy\n`);
  expect(run.stdout).toContain('! every machine that reaches this proxy spends as you');
});

test('--print env prints exports, without AWS', async () => {
  const { status, stdout } = await runCli(['proxy', '--print', 'env', '--port', '7000']);
  expect(status).toBe(0);
  expect(stdout).toBe(
    [
      'export MISTRAL_API_KEY=signed-by-the-proxy',
      'export MISTRAL_BASE_URL=http://127.0.0.1:7000/v1',
      'export MISTRAL_API_BASE=http://127.0.0.1:7000/v1',
      'export OPENAI_API_KEY=signed-by-the-proxy',
      'export OPENAI_BASE_URL=http://127.0.0.1:7000/v1\n',
    ].join('\n'),
  );
  const script = 'eval "$0" && node -p "new URL(process.env.OPENAI_BASE_URL).port"';
  expect(execFileSync('bash', ['-c', script, stdout], { encoding: 'utf8' })).toBe('7000\n');
});

const GATEWAY = ['--gateway', 'https://abc.lambda-url.eu-west-1.on.aws/'];
const NOWHERE = ['--gateway', 'https://gateway.example/'];

test.each<[string, readonly string[], Readonly<Record<string, string>>, number, string, RegExp]>([
  [
    'a host of the network',
    ['--host', '0.0.0.0'],
    {},
    2,
    'wrong_input',
    /spend as you: add --allow-remote/,
  ],
  [
    'a gateway in the clear',
    ['--gateway', 'http://gateway.example/'],
    {},
    2,
    'wrong_use',
    /must be an https URL/,
  ],
  [
    'a gateway with a password',
    ['--gateway', 'https://a:b@gateway.example/'],
    {},
    2,
    'wrong_use',
    /must be an https URL/,
  ],
  [
    'a variable with a wrong one',
    [],
    { MISTRAL_GATEWAY_URL: 'gateway' },
    2,
    'wrong_use',
    /must be an https URL/,
  ],
  ['a port that is none', ['--port', '70000'], {}, 2, 'wrong_use', /must be a port/],
  ['a gateway of an unknown region', NOWHERE, { AWS_REGION: '' }, 2, 'wrong_input', /--region/],
  ['no credentials', GATEWAY, { AWS_ACCESS_KEY_ID: '' }, 3, 'no_credentials', /sign in/],
  [
    'a stack whose gateway is off',
    [],
    {},
    3,
    'stack_without_output',
    /its policy does not enable the gateway/,
  ],
])('fails for %s', async (_, args, env, status, code, words) => {
  const world = await openCliWorld({ outputs: { AlertsTopicArn: 'arn' } });
  const run = await world.run(['proxy', ...args, '--json'], { env });
  expect(run.status).toBe(status);
  expect(documentOf(run).error).toEqual({ code, message: expect.stringMatching(words) });
});

test('fails for a port that is in use', async () => {
  const taken = createServer();
  await listen(taken);
  const { port } = taken.address() as AddressInfo;
  const world = await openCliWorld();
  const run = await world.run(['proxy', ...GATEWAY, '--port', String(port), '--json']);
  expect(documentOf(run).error.message).toBe(
    `port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another --port`,
  );
});
