import { expect, test } from 'vitest';
import { assembledGateway } from '../support/assembled-gateway.js';
import { functionUrl } from '../support/function-url.js';
import { answerJson, CALLER_HEADER, CHAT, COMPLETION, session } from '../support/gateway-world.js';
import { openCliWorld } from './cli-world.js';
import { documentOf, NOW } from './run-cli.js';

const AT = new Date('2026-06-30T12:00:00Z'); // as the assembled gateway has it
const WHOAMI = ['whoami', '--region', 'eu-west-1'];
const LOCAL = { local: { secretAccessKey: 'local' } };
const CHAT_MODEL = {
  id: 'mistral-small-2603',
  aliases: ['mistral-small-latest'],
  capabilities: { completion_chat: true, completion_fim: true },
};

/** The gateway behind a function URL that verifies signatures, with its stack. */
async function deployed(role = 'developer', caller = session(role)) {
  const gateway = await assembledGateway((response, { url }) =>
    answerJson(
      response,
      200,
      url === '/v1/models' ? { object: 'list', data: [CHAT_MODEL] } : COMPLETION,
    ),
  );
  const remote = await functionUrl(
    LOCAL,
    async (response, { url }) => {
      const answer = await fetch(gateway.url + url, { headers: { [CALLER_HEADER]: caller } });
      answerJson(response, answer.status, await answer.text());
    },
    () => AT,
  );
  const world = await openCliWorld({ outputs: { GatewayUrl: `${remote.url}/` } });
  return { ...gateway, remote, world };
}

test('says who you are, what you may use, and what is left of it until when', async () => {
  const { ask, world } = await deployed();
  await (await ask(CHAT)).text();
  const { status, stdout, stderr } = await world.run(WHOAMI, { now: () => AT });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
  expect(lines[0]).toBe(`✓ ${session('developer')} has the role developer in dev-workspace`);
  expect(lines).toContain('mistral-small-2603 | 2,000 | /v1/chat/completions /v1/fim/completions');
  const left = lines.slice(lines.indexOf('what is left') + 1);
  expect(left).toEqual([
    'left | of | counted for | resets',
    expect.stringMatching(/^requests per minute \| 59 \| 60 \| all callers of dev-workspace \| /),
    expect.stringMatching(/^budget per month \| 99 % \| all callers of dev-workspace \| /),
    expect.stringMatching(
      /^tokens per day \| 499,982 \| 500,000 \| you \| 2026-07-01 00:00 UTC \(in 12 hours\)$/,
    ),
    '',
  ]);
});

test('--json prints what the gateway answers, and which gateway that is', async () => {
  const { url, remote, world } = await deployed('analyst');
  const me = await fetch(`${url}/v1/governance/me`, {
    headers: { [CALLER_HEADER]: session('analyst') },
  });
  const { object: _, ...answer } = (await me.json()) as Record<string, unknown>;
  const run = await world.run([...WHOAMI, '--json', '--gateway', remote.url], { now: () => AT });
  expect(run.status).toBe(0);
  expect(documentOf(run)).toEqual({ gateway: `${remote.url}/`, ...answer });
  expect(world.calls).toEqual([]); // no stack is looked up
});

test('exits with 1 for who is no caller of the policy, and says what to do', async () => {
  const { world } = await deployed('stranger');
  const run = await world.run([...WHOAMI, '--json'], { now: () => AT });
  expect(run.status).toBe(1);
  expect(documentOf(run).error).toEqual({
    code: 'unknown_caller',
    message: expect.stringMatching(/stranger.*; add the role to the policy's callers and deploy$/),
  });
});

const EARLIER = { object: 'error', code: 'endpoint_not_allowed', message: 'not served' };

test.each<[string, number, unknown, string, RegExp]>([
  ['AWS refuses the role', 403, { Message: 'Forbidden' }, 'gateway_forbidden', /InvokeFunctionUrl/],
  [
    'the credentials have expired',
    403,
    { message: 'The security token included in the request is expired' },
    'credentials_rejected',
    /aws sso login/,
  ],
  ['the gateway is gone', 404, { Message: null }, 'gateway_not_found', /switched off/],
  ['its function fails', 502, { Message: 'Internal Server Error' }, 'gateway_failed', /failed/],
  ['it is of an earlier version', 404, EARLIER, 'endpoint_not_allowed', /deploy it again/],
  [
    'quotas cannot be read',
    503,
    { object: 'error', code: 'quota_unavailable', message: 'quotas cannot be read right now' },
    'quota_unavailable',
    /right now/,
  ],
  ['something else answers', 200, '<html>', 'gateway_failed', /is not the gateway/],
])('exits with 3 where %s', async (_, status, body, code, words) => {
  const remote = await functionUrl(
    LOCAL,
    (response) => answerJson(response, status, body),
    () => NOW,
  );
  const world = await openCliWorld();
  const run = await world.run([...WHOAMI, '--json', '--gateway', remote.url]);
  expect(run.status).toBe(3);
  expect(documentOf(run).error).toEqual({ code, message: expect.stringMatching(words) });
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
  ['there are no credentials', [], { AWS_ACCESS_KEY_ID: '' }, 'no_credentials'],
  ['there is no gateway there', ['--gateway', 'http://127.0.0.1:9/'], {}, 'gateway_unreachable'],
  ['the stack has no gateway', [], {}, 'stack_without_output'],
])('exits with 3 where %s', async (_, args, env, code) => {
  const outputs = {
    AlertsTopicArn: 'arn',
    ...(code === 'no_credentials' && { GatewayUrl: 'https://abc.lambda-url.eu-west-1.on.aws/' }),
  };
  const world = await openCliWorld({ outputs });
  const run = await world.run([...WHOAMI, '--json', ...args], { env });
  expect({ status: run.status, code: documentOf(run).error.code }).toEqual({ status: 3, code });
});
