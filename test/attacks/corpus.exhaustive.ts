import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { shell } from '../../governance/platform/quoting.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { createWorld } from '../../testing/world.js';
import { aPolicy } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { KEY } from '../support/gateway-fakes.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DEVELOPER,
  eventually,
  type GatewayWorld,
  gatewayWorld,
  type Script,
  session,
  UPSTREAM_KINDS,
  type UpstreamKind,
} from '../support/gateway-world.js';
import { HOSTILE_NAMES, hostileName } from '../support/hostile-names.js';
import { leaksIn, plaintextsOf } from '../support/invariants.js';
import { answersIn, exchange, type RawAnswer } from '../support/raw-http.js';

// A generated corpus: the same in every run, since each class has its own seed. What a try is allowed to
// end in is the same for all: a right answer or a refusal in our form, without a key, booked if it was sent.

const counts = new Map<string, Map<string, number>>();

function count(kind: string, end: string): void {
  const ends = counts.get(kind) ?? new Map<string, number>();
  counts.set(kind, ends.set(end, (ends.get(end) ?? 0) + 1));
}

afterAll(() => {
  let all = 0;
  for (const [kind, ends] of counts) {
    const tries = [...ends.values()].reduce((sum, one) => sum + one, 0);
    const sorted = [...ends].sort(([one], [other]) => (one < other ? -1 : 1));
    all += tries;
    process.stdout.write(
      `${tries} tries of ${kind}: ${sorted.map(([end, many]) => `${many} ${end}`).join(', ')}\n`,
    );
  }
  process.stdout.write(`${all} tries of the corpus\n`);
});

/** Enough for all tries of a class. */
// biome-ignore lint/suspicious/noExplicitAny: a policy as written
function plenty(document: any): void {
  document.gateway.maxBodyBytes = 65_536;
  for (const role of Object.values<Record<string, unknown>>(document.roles)) {
    role.dailyTokens = 'unlimited';
  }
  for (const workspace of document.workspaces) {
    workspace.requestsPerMinute = 1_000_000;
    workspace.budgets = { monthlyUsd: 1_000_000 };
  }
}

const key = new ApiKey(`${KEY}-dev-workspace`);
const keys = { current: () => key, instead: async () => undefined };

const completing: Script = (response) => answerJson(response, 200, COMPLETION);

const SERVED = [
  '/v1/chat/completions',
  '/v1/fim/completions',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/chat/moderations',
  '/v1/classifications',
  '/v1/chat/classifications',
  '/v1/audio/speech',
];
const OURS = JSON.stringify(COMPLETION);

/** A refusal in our form, or the answer of the stand-in or the list of models. */
function endOf({ status, headers, body }: RawAnswer, method = 'POST'): string {
  expect(headers + body).not.toContain(KEY.slice(0, 8));
  if (status < 400) {
    expect(status).toBe(200);
    if (method !== 'HEAD' && body !== OURS) expect(JSON.parse(body)).toHaveProperty('object');
    return 'answered';
  }
  if (method === 'HEAD') return `refused ${status}`;
  const said = JSON.parse(body);
  expect(said).toMatchObject({
    object: 'error',
    message: expect.stringMatching(/\S/),
    type: expect.any(String),
    code: expect.stringMatching(/^[a-z_]+$/),
    error: { message: said.message, code: said.code },
  });
  return `refused ${status}`;
}

/** What holds after each try: all that was sent is booked, nothing else is, and the next request is served. */
async function expectBooksAndService(world: GatewayWorld): Promise<void> {
  // What a caller has left is read to its end.
  await eventually(() => world.quotas.reserved() === 0);
  expect(world.quotas.ends.settled).toBeLessThanOrEqual(world.received.length);
  const before = { sent: world.received.length, settled: world.quotas.ends.settled };
  const answer = await world.ask(CHAT);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual(COMPLETION);
  expect(world.received.length - before.sent).toBe(1);
  expect(world.quotas.ends.settled - before.settled).toBe(1);
  for (const { url, headers } of world.received.splice(0)) {
    expect(SERVED).toContain(url);
    expect(headers.authorization).toBe(`Bearer ${KEY}-dev-workspace`);
    expect(headers[CALLER_HEADER]).toBeUndefined();
  }
  world.quotas.ends.settled = 0;
  expect(world.logged.splice(0).join('\n')).not.toContain(KEY.slice(0, 8));
}

/** Raw bytes for a request, with its body; what it says of itself may be wrong. */
interface Framed {
  readonly pieces: readonly Buffer[];
  readonly method?: string;
  /** After which the caller leaves: the server may wait for more. */
  readonly silenceMs?: number;
}

async function attack(kind: string, tries: readonly Framed[]): Promise<void> {
  const world = await gatewayWorld(completing, plenty, { keys });
  for (const { pieces, method, silenceMs } of tries) {
    const answers = answersIn(await exchange(world.url, pieces, silenceMs));
    const ends = answers.map((answer) => endOf(answer, method));
    count(kind, ends.join(' and ') || 'closed');
    if (silenceMs === undefined) expect(ends).not.toEqual([]);
    await expectBooksAndService(world);
  }
}

const body = JSON.stringify(CHAT);
const HEAD = `Host: gateway\r\n${CALLER_HEADER}: ${DEVELOPER}\r\nContent-Type: application/json\r\nConnection: close\r\n`;

/** What is right most of the time, so that most tries have one fault. */
function mostly<Value>(right: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function rarely<Value>(wrong: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: wrong },
  );
}

const FRAMES = fc
  .record({
    start: mostly(
      'POST /v1/chat/completions HTTP/1.1',
      ...['POST /v1/chat/completions HTTP/1.1', 'POST /v1/chat/completions HTTP/1.0'],
      ...['POST  /v1/chat/completions HTTP/1.1', 'POST /v1/chat/completions HTTP/3.0', 'POST'],
      ...['post /v1/chat/completions HTTP/1.1', 'GET /v1/chat/completions HTTP/1.1', '\0\0'],
      ...['PRI * HTTP/2.0', 'CONNECT gateway:443 HTTP/1.1', 'POST http://x/v1/models HTTP/1.1'],
    ),
    length: mostly(
      `Content-Length: ${body.length}`,
      ...['', `Content-Length: ${body.length}`, `Content-Length: ${body.length + 7}`],
      ...[`Content-Length: ${body.length - 7}`, 'Content-Length: -1', 'Content-Length: 1e2'],
      ...['Content-Length: 0', 'Content-Length: 99999999999999999999', 'Content-Length: 0x10'],
      `Content-Length: ${body.length}\r\nContent-Length: ${body.length}`,
      `Content-Length: ${body.length}\r\nContent-Length: 1`,
      ...['Transfer-Encoding: chunked', 'Transfer-Encoding: CHUNKED', 'Transfer-Encoding: gzip'],
      ...[
        'Transfer-Encoding: identity',
        'Transfer-Encoding: chunked, chunked',
        'Expect: 100-continue',
      ],
      `Transfer-Encoding: chunked\r\nContent-Length: ${body.length}`,
      ...['Transfer-Encoding : chunked', ' folded', 'no colon', 'Upgrade: websocket', 'Expect: x'],
    ),
    content: mostly(
      body,
      ...[
        '',
        body,
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        `5\r\n${body}\r\n0\r\n\r\n`,
      ],
      ...[`zz\r\n${body}\r\n0\r\n\r\n`, `-1\r\n${body}`, `ffffffffffffffff\r\n${body}`],
      ...[
        `${body.length.toString(16)};x=y\r\n${body}\r\n0\r\nTrailer: x\r\n\r\n`,
        `${body}${body}`,
      ],
      `${body}GET /v1/models HTTP/1.1\r\n\r\n`,
    ),
    end: mostly('\r\n', '\n', '\r', ''),
    cutAt: rarely(fc.integer({ min: 0, max: 400 })),
    noise: rarely(fc.uint8Array({ minLength: 1, maxLength: 8 })),
    pieces: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ start, length, content, end, cutAt, noise, pieces }): Framed => {
    const lines = `${start}\r\n${HEAD}${length}${length && '\r\n'}`.replaceAll(
      '\r\n',
      end || '\r\n',
    );
    const text = Buffer.concat([
      Buffer.from(noise ?? []),
      Buffer.from(`${lines}${end || '\r\n'}${content}`).subarray(0, cutAt),
    ]);
    const size = Math.ceil(text.length / pieces) || 1;
    const cut = Array.from({ length: pieces }, (_, at) =>
      text.subarray(at * size, (at + 1) * size),
    );
    return { pieces: cut, method: start.split(' ')[0] ?? '', silenceMs: 200 };
  });

test('framing', () => attack('framing', fc.sample(FRAMES, { numRuns: 400, seed: 1401 })));

function whole(target: string, headers: readonly string[], content: string | Uint8Array): Framed {
  const bytes = Buffer.from(content as string);
  const lines = [`Content-Length: ${bytes.length}`, ...headers]
    .map((line) => `${line}\r\n`)
    .join('');
  const head = `POST ${target} HTTP/1.1\r\n${HEAD}${lines}\r\n`;
  return { pieces: [Buffer.concat([Buffer.from(head, 'latin1'), bytes])] };
}

const VALUES = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', 'x', [], {}, [[]], 'NaN', '\0', '😀'),
  fc.jsonValue({ maxDepth: 3 }),
);
const NAMES = [
  ...['model', 'messages', 'max_tokens', 'max_completion_tokens', 'n', 'stream', 'seed', 'tools'],
  ...[
    'temperature',
    'usage',
    '__proto__',
    'constructor',
    'prompt',
    'stop',
    'response_format',
    'user',
  ],
];
const MEMBERS = fc.array(fc.tuple(fc.constantFrom(...NAMES), VALUES), { maxLength: 5 });
const BODIES = fc.oneof(
  MEMBERS.map((members) => JSON.stringify({ ...CHAT, ...Object.fromEntries(members) })),
  // Names that come twice.
  MEMBERS.map((members) =>
    body.replace(
      '{',
      `{${members.map(([name, value]) => `"${name}":${JSON.stringify(value)},`).join('')}`,
    ),
  ),
  fc.integer({ min: 0, max: body.length }).map((at) => body.slice(0, at)),
  fc
    .tuple(
      fc.nat(body.length - 1),
      fc.constantFrom('"', '{', '}', ',', ':', '\\', '\0', '1', ' ', '\n'),
    )
    .map(([at, mark]) => body.slice(0, at) + mark + body.slice(at + 1)),
  fc
    .nat(300)
    .map((depth) => `${body.slice(0, -1)},"tools":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  fc.uint8Array({ maxLength: 60 }),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);

test('JSON', () => {
  const bodies = fc.sample(BODIES, { numRuns: 400, seed: 1402 });
  return attack(
    'JSON',
    bodies.map((content) => whole('/v1/chat/completions', [], content)),
  );
});

const PARTS = [
  ...['v1', 'V1', 'chat', 'completions', 'models', 'files', 'agents', '..', '.', '%2e%2e', '%2F'],
  ...[
    '',
    ' ',
    '%00',
    'chat%2fcompletions',
    '\\',
    '*',
    '?x=y',
    '#x',
    '%',
    '%zz',
    'é',
    '\x7f',
    ';a=b',
  ],
];
const TARGETS = fc.oneof(
  fc
    .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 5 })
    .map((parts) => `/${parts.join('/')}`),
  fc
    .tuple(fc.constantFrom(...SERVED), fc.constantFrom(...PARTS), fc.nat(20))
    .map(([path, part, at]) => path.slice(0, at) + part + path.slice(at)),
  fc.constantFrom(
    'http://evil.example/v1/chat/completions',
    '//evil.example/v1/models',
    'v1/models',
    '*',
  ),
);

test('paths', () => {
  const targets = fc.sample(TARGETS, { numRuns: 300, seed: 1403 });
  return attack(
    'paths',
    targets.map((target) => whole(target, [], body)),
  );
});

const HEADERS = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...[
        'Authorization',
        'X-Api-Key',
        'Cookie',
        CALLER_HEADER,
        'Content-Type',
        'Content-Encoding',
      ],
      ...[
        'Accept',
        'Accept-Encoding',
        'X-Affinity',
        'Connection',
        'Keep-Alive',
        'Proxy-Authorization',
      ],
      ...[
        'Forwarded',
        'Host',
        'TE',
        'Trailer',
        'Range',
        'Retry-After',
        'X-HTTP-Method-Override',
        '',
        'a b',
      ],
    ),
    fc.oneof(
      fc.constantFrom(
        ...['', 'gzip', 'deflate, br', 'identity', 'x'.repeat(9000), DEVELOPER, 'text/html'],
      ),
      fc.constantFrom(
        session('nobody'),
        'arn:aws:iam::111122223333:role/developer',
        'Bearer x',
        ', ,',
      ),
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => !/[\r\n]/.test(text)),
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

test('headers', () => {
  const all = fc.sample(HEADERS, { numRuns: 300, seed: 1404 });
  const lines = all.map((headers) => headers.map(([name, value]) => `${name}: ${value}`));
  return attack(
    'headers',
    lines.map((headers) => whole('/v1/chat/completions', headers, body)),
  );
});

test('names, in requests and in a shell', async () => {
  const names = fc.sample(hostileName, { numRuns: 300, seed: 1405 });
  await attack(
    'names in bodies',
    names.map((name, at) => {
      const field = ['model', 'prompt_cache_key', 'user'][at % 3] ?? '';
      return whole('/v1/chat/completions', [], JSON.stringify({ ...CHAT, [field]: name }));
    }),
  );
  for (const name of names) {
    const said = execFileSync('bash', [
      '-c',
      `last() { printf %s "\${!#}"; }; ${shell`last ${name}`}`,
    ]);
    expect(said.toString()).toBe(Buffer.from(name.replaceAll('\0', '\ufffd')).toString());
    count('names in bash', 'one argument');
  }
});

/** What may come from Mistral's address, also from what is not Mistral. */
const FROM_MISTRAL = fc
  .record({
    status: fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK',
        'HTTP/1.1 200',
        'HTTP/1.0 200 OK',
        'HTTP/1.1 204 No Content',
        'HTTP/1.1 500 x',
      ],
      ...['HTTP/1.1 401 x', 'HTTP/1.1 403 x', 'HTTP/1.1 422 x', 'HTTP/1.1 429 x', 'HTTP/1.1 304 x'],
      ...[
        'HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:1/',
        'HTTP/1.1 999 x',
        'HTTP/1.1 101 x',
        'HTTP/2 200',
        '<html>',
        '',
      ],
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK',
    ),
    type: fc.constantFrom(
      'application/json',
      'text/event-stream',
      'text/html',
      '',
      'application/json;x="',
    ),
    framing: fc.constantFrom(
      ...[
        'exact',
        'exact',
        'none',
        'long',
        'short',
        'chunked',
        'bad chunks',
        'twice',
        'not a number',
      ],
    ),
    body: fc.oneof(
      fc.constantFrom(
        OURS,
        '',
        '{}',
        'null',
        '[',
        `data: ${OURS}\n\ndata: [DONE]\n\n`,
        'data: {\n\n',
      ),
      fc.constantFrom(
        `{"object":"error","message":"no: ${KEY}-dev-workspace","type":"x","code":"1"}`,
        'event: error\ndata: {"object":"error","message":"x"}\n\n',
        '{"usage":{"prompt_tokens":-1,"completion_tokens":"many","total_tokens":[]},"choices":[]}',
        `${'['.repeat(5000)}${']'.repeat(5000)}`,
      ),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    streams: fc.boolean(),
  })
  .filter(({ status, body: text }) => !(text.includes(KEY) && /\b2\d\d/.test(status)));

interface FromMistral {
  readonly status: string;
  readonly type: string;
  readonly framing: string;
  readonly body: string;
  readonly streams: boolean;
}

function bytesOf(given: FromMistral): Buffer {
  const { status, type, framing, body: text } = given;
  const { length } = Buffer.from(text, 'latin1');
  const lines: Readonly<Record<string, string>> = {
    exact: `Content-Length: ${length}`,
    long: `Content-Length: ${length + 9}`,
    short: `Content-Length: ${Math.max(0, length - 9)}`,
    twice: `Content-Length: ${length}\r\nContent-Length: ${length + 1}`,
    'not a number': 'Content-Length: many',
    chunked: 'Transfer-Encoding: chunked',
    'bad chunks': 'Transfer-Encoding: chunked',
  };
  const chunked = framing === 'chunked' && `${length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const head = [status, type && `Content-Type: ${type}`, lines[framing]].filter(Boolean);
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${chunked || text}`, 'latin1');
}

async function answerWith(kind: UpstreamKind, answers: readonly FromMistral[]) {
  let next: Buffer | undefined;
  const script: Script = (response: ServerResponse) => {
    if (next) response.socket?.end(next);
    else answerJson(response, 200, COMPLETION);
  };
  const world = await gatewayWorld(script, plenty, { upstreamKind: kind, keys });
  for (const given of answers) {
    next = bytesOf(given);
    const request = whole(
      '/v1/chat/completions',
      [],
      JSON.stringify({ ...CHAT, stream: given.streams }),
    );
    const bytes = await exchange(world.url, request.pieces);
    next = undefined;
    expect(bytes.toString('latin1')).not.toContain(KEY.slice(0, 8));
    const [answer, ...more] = answersIn(bytes);
    expect(more).toEqual([]);
    const isOurs = answer && answer.status >= 400 && JSON.parse(answer.body);
    if (isOurs) expect(isOurs.error ?? isOurs.message).toBeDefined();
    expect(answer?.status, JSON.stringify(given)).not.toBe(500);
    count(`upstream answers over ${kind}`, answer ? `${answer.status}` : 'closed');
    expect(world.quotas.ends.settled + world.quotas.ends.released).toBeGreaterThan(0);
    world.quotas.ends.released = 0;
    await expectBooksAndService(world);
  }
}

test.each(UPSTREAM_KINDS)('upstream answers over %s', (kind) =>
  answerWith(kind, fc.sample(FROM_MISTRAL, { numRuns: 250, seed: 1406 })),
);

const STORY = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 2);
  document.callers = [];
});
const [OWN = '', OTHER = ''] = plannedKeys(STORY).map(({ secretName }) => secretName);
let dynamo: LocalDynamo | undefined;
afterAll(() => dynamo?.close());

/** For an id, a label, a time, a rule: of the honest event's own, of others, and what is none. */
const WRONG = fc.oneof(
  fc.constantFrom(
    ...HOSTILE_NAMES,
    '',
    null,
    undefined,
    true,
    -1,
    1e99,
    [],
    {},
    '2020-01-01T00:00:00Z',
  ),
  fc.constantFrom('foreign', 'current', 'other').map((named) => ({ named })),
  fc.string({ maxLength: 10 }),
);
const EVENTS = fc.record({
  to: fc.constantFrom(
    ...(['keyRotation', 'verifyRetirement', 'revokeKey', 'confirmRevocation'] as const),
    ...(['rollBackKey', 'notifyOnCall', 'StartExecution'] as const),
  ),
  changes: fc.array(
    fc.tuple(
      fc.constantFrom(
        ...[
          'reason',
          'secretId',
          'secretName',
          'workspace',
          'oldKeyId',
          'oldVersionId',
          'newKeyId',
        ],
        ...['newVersionId', 'promotedAt', 'checkAt', 'rules', 'verdict', 'approved', '__proto__'],
        ...[
          'Step',
          'SecretId',
          'ClientRequestToken',
          'RotationToken',
          'Compromised',
          'confirmation',
        ],
      ),
      WRONG,
    ),
    { minLength: 1, maxLength: 4 },
  ),
  step: fc.constantFrom('createSecret', 'setSecret', 'testSecret', 'finishSecret'),
});

test('inputs of functions', async () => {
  dynamo = await startLocalDynamo();
  await dynamo.createTable('corpus');
  const logged: unknown[] = [];
  const log = (...line: unknown[]) => void logged.push(...line.map((one) => inspect(one)));
  const world = await createWorld({
    policy: STORY,
    definition: definitionFor(STORY),
    dynamo,
    tableName: 'corpus',
    start: new Date('2026-08-15T09:00:00Z'),
    log: { info: log, warn: log, error: log },
  });
  const later = (hours: number) => new Date(world.clock.now().getTime() + hours * 3_600_000);
  const [, other] = STORY.workspaces;
  const made = { workspaceId: other?.id ?? '', userId: other?.ownerUserId ?? '' };
  const foreign = world.mistral.keys.create({ name: 'of-another-team', ...made }).id;
  await world.provision();
  await world.clock.playUntil(later(1));
  await world.rotate(OWN);
  const held = (secret: string, stage: string) => {
    const { keyId } = JSON.parse(world.secrets.valueAt(secret, stage) ?? '{}');
    const versions = [...world.secrets.find(secret).versions.values()];
    const version = versions.find(({ stages }) => stages.has(stage));
    return { keyId: String(keyId), versionId: version?.id ?? '' };
  };
  const current = held(OWN, 'AWSCURRENT');
  const previous = held(OWN, 'AWSPREVIOUS');
  const ids = { foreign, current: current.keyId, other: held(OTHER, 'AWSCURRENT').keyId };
  const honest = {
    ...{ reason: 'replaced', secretId: world.secrets.find(OWN).arn, secretName: OWN },
    ...{ workspace: STORY.workspaces[0]?.name, oldKeyId: previous.keyId },
    ...{ oldVersionId: previous.versionId, newKeyId: current.keyId },
    ...{ newVersionId: current.versionId, promotedAt: '2026-01-01T00:00:00.000Z' },
    ...{ checkAt: '2026-01-01T00:00:00.000Z', verdict: { kind: 'revoke', lastUsedOn: null } },
    rules: { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' },
    SecretId: world.secrets.find(OWN).arn,
    ClientRequestToken: current.versionId,
  };
  const context = { getRemainingTimeInMillis: () => 900_000 };

  for (const { to, changes, step } of fc.sample(EVENTS, { numRuns: 300, seed: 1407 })) {
    const changed = changes.map(([name, value]) => [
      name,
      isNamed(value) ? ids[value.named] : value,
    ]);
    const event = { ...honest, Step: step, ...Object.fromEntries(changed) };
    const end = await (async () => {
      if (to === 'keyRotation') return world.functions.keyRotation(event, context);
      if (to !== 'StartExecution') return world.functions[to](event);
      const input = JSON.stringify(event);
      world.executions.operations.StartExecution?.({ name: `run-${logged.length}`, input });
      return world.clock.playUntil(later(0.1));
    })().then(
      () => 'taken',
      (error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        logged.push(inspect(error));
        return 'refused';
      },
    );
    count('inputs of functions', `${end} by ${to}`);
    const left = world.mistral.keys.all().map(({ id }) => id);
    expect(left).toEqual(expect.arrayContaining(Object.values(ids)));
    expect(held(OWN, 'AWSCURRENT')).toEqual(current);
  }
  await world.rotate(OWN);
  expect(held(OWN, 'AWSCURRENT').keyId).not.toBe(current.keyId);
  const written = `${logged.join('\n')} ${JSON.stringify(world.inbox.messages)}`;
  expect(leaksIn(written, plaintextsOf(world))).toEqual([]);
  await world.close();
});

function isNamed(value: unknown): value is { named: 'foreign' | 'current' | 'other' } {
  return typeof value === 'object' && value !== null && 'named' in value;
}
