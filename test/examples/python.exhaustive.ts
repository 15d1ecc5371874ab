import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { command } from '../../e2e/commands.js';
import { CACHE, installTools, type Tools } from '../../e2e/tools.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { answerAsGateway, CHAT, KEYS } from '../cli/proxy/proxy-world.js';
import { functionUrl, type SignedCall } from '../support/function-url.js';
import { answerJson } from '../support/gateway-world.js';

const { env } = process;
const EXAMPLES = join(import.meta.dirname, '../../examples/python');

let tools: Tools;
beforeAll(async () => {
  tools = await installTools(CACHE, env, {
    what: "the examples' clients",
    requirements: join(EXAMPLES, 'requirements.txt'),
    modules: 'mistralai.client, openai, langchain_mistralai, botocore.session, httpx, httpx2',
  });
});

/** Credentials as a container's endpoint gives them out: about to expire, so that each signature asks for others. */
async function credentials() {
  let given = 0;
  const server = await serveHttp(async () => {
    // The first two are of the start and of the first signature.
    const AccessKeyId = given < 2 ? 'ASIATEMPORARY' : 'ASIARENEWED';
    given += 1;
    const { secretAccessKey: SecretAccessKey, sessionToken: Token } = KEYS[AccessKeyId];
    const Expiration = new Date(Date.now() + 60_000).toISOString();
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ AccessKeyId, SecretAccessKey, Token, Expiration }),
    };
  });
  return server;
}

/** A program of Python before a function URL that verifies signatures; `answer` says with which status. */
async function run(program: string, answer: (call: SignedCall, count: number) => number) {
  let count = 0;
  const remote = await functionUrl(
    KEYS,
    (response, call) => {
      count += 1;
      const status = answer(call, count);
      if (status === 200) answerAsGateway(response, call);
      else answerJson(response, status, { message: 'again' }, { 'retry-after': '0' });
    },
    () => new Date(),
  );
  const container = await credentials();
  try {
    const { stdout } = await command(tools.python, [program], {
      PATH: env.PATH,
      HOME: '/nonexistent',
      PYTHONPATH: `${EXAMPLES}:${tools.packages}`,
      PYTHONDONTWRITEBYTECODE: '1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/credentials`,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_DEFAULT_REGION: 'eu-west-1', // boto knows this one alone
      GATEWAY_URL: `${remote.url}/`,
      HF_HUB_OFFLINE: '1',
      LANGSMITH_TRACING: 'false',
    });
    return { ...remote, stdout };
  } finally {
    await container.close();
  }
}

const keyOf = ({ headers }: SignedCall) =>
  /Credential=(\w+)/.exec(headers.authorization as string)?.[1];

test.each([['mistralai'], ['langchain'], ['openai']])(
  'the example with %s answers, streams and answers without blocking',
  async (client) => {
    const isRetried = client === 'openai'; // it alone repeats by itself
    const { stdout, accepted, refused } = await run(
      join(EXAMPLES, `with_${client}.py`),
      (_, count) => (isRetried && count === 1 ? 503 : 200),
    );
    expect(refused).toEqual([]);
    expect(stdout).toBe('Hello\nHello\nHello\n');
    expect(accepted).toHaveLength(isRetried ? 4 : 3);
    for (const { url, body } of accepted) {
      expect(url).toBe('/v1/chat/completions');
      expect(JSON.parse(body.toString())).toMatchObject({ model: CHAT.model });
    }
    // OpenAI's second request repeats the first one.
    const [first, ...later] = accepted.map(keyOf);
    expect({ first, later: new Set(later) }).toEqual({
      first: 'ASIATEMPORARY',
      later: new Set(['ASIARENEWED']),
    });
  },
);

test('so does the one of the page that says how to call Mistral', async () => {
  const page = readFileSync(join(EXAMPLES, '../../docs/calling-mistral.md'), 'utf8');
  const [, program = ''] = /```python\n(.*?)```/s.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'python-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'page.py');
  writeFileSync(path, program);
  const { stdout, refused } = await run(path, () => 200);
  expect({ stdout, refused }).toEqual({ stdout: 'Hello\n', refused: [] });
});

test('every kind of body, path and query is signed as it is sent, and nothing for another host', async () => {
  const { stdout, accepted, refused } = await run(
    join(import.meta.dirname, 'signed_calls.py'),
    () => 202,
  );
  expect(refused).toEqual([]);
  const said = JSON.parse(stdout);
  expect(said.statuses).toEqual(Array(32).fill(202));
  expect(said.refused).toMatch(/signs for 127\.0\.0\.1 alone, not for http:\/\/localhost:9/);
  expect(accepted).toHaveLength(32);
  for (const { headers } of accepted) {
    expect(JSON.stringify(headers)).not.toContain('of-the-client');
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
  }
});
