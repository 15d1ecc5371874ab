import { Agent, request } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createGovernedMistral } from '../../client/index.js';
import { createHttpShell } from '../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../gateway/server/undici-upstream.js';
import { connectGateway } from '../../gateway/wiring.js';
import { readRow } from '../../governance/ledger/ledger-row.js';
import { LOCAL_ALERTS, localAws } from '../../testing/aws.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { answerAwsJson } from '../../testing/fakes/aws-json.js';
import { jsonAnswer } from '../../testing/fakes/http-server.js';
import { createSecretStore } from '../../testing/fakes/secret-store.js';
import { callInProcess } from '../../testing/in-process.js';
import { randomFrom } from '../governance/quotas/traffic.js';
import { aPolicy, policyDocument } from '../support/builders.js';
import {
  type Bill,
  type End,
  type MistralBooks,
  MODELS,
  openMistralBooks,
  PATHS,
  type Plan,
  signal,
} from './mistral-books.js';

export interface MoneyRun {
  readonly seed: number;
  readonly ticks: number;
  readonly requestsPerTick: number;
  readonly startMs: number;
}

/** One budget in one window, in its own books and in Mistral's. */
export interface Row {
  readonly name: string;
  billed: number;
  readonly settled: number;
  /** What processes that were killed had started since they last settled. */
  unknown: number;
  /** How much more may be settled, for requests whose end the product cannot know. */
  spare: number;
  readonly limit: number;
}

export interface MoneyResult {
  readonly money: Row[];
  readonly tokens: Row[];
  readonly requests: Row[];
  readonly ledger: readonly LedgerSum[];
  /** How many of each kind there were, and how they ended. */
  readonly counts: Readonly<Record<string, number>>;
}

/** One day of one workspace. */
export interface LedgerSum {
  readonly name: string;
  readonly inLedger: number;
  /** In its counter, without what others spent with its key. */
  readonly settled: number;
  /** What requests may have cost whose process was killed before both were written. */
  readonly lost: number;
}

type Then = 'go' | 'abort' | 'abort soon' | 'time out' | 'park';

interface Request extends Plan {
  readonly then: Then;
  readonly body: Readonly<Record<string, unknown>>;
  readonly isHalfSent: boolean;
  parkedTicks: number;
}

type Ending = 'whole' | 'error' | 'broken';

/** A request on its way, as its caller sees it. */
interface Exchange {
  readonly end: Promise<Ending>;
  seen(events: number): Promise<void>;
  abort(): void;
}

/** A gateway or a service with the client library. */
interface Process {
  readonly name: string;
  readonly caller: string | undefined;
  /** The workspace of its callers, also where another one's key sends their requests. */
  readonly home: string;
  readonly isPatient: boolean;
  send(request: Request): Exchange;
  flush(): Promise<boolean>;
  close(): Promise<void>;
  kill(): void;
  /** Begun, or ended, since it last settled. */
  readonly unsettled: Set<number>;
  readonly begunSince: Set<number>;
  readonly running: Set<number>;
}

const TABLE = 'quotas';
const STEP_MS = 2_000;
/** In real time: what the impatient gateway and services wait for an answer. */
const PATIENCE_MS = 100;
const UNAWAITED = { withinMs: 240_000, streamWithinMs: 50, atOnce: 256 };
const EXPIRED_MS = 120_000;
const WORKSPACES = ['dev-workspace', 'ml-workspace', 'prod-workspace'];
const SERVICE_SECRET = 'mistral/prod-workspace/search-service-key';
/** The share of calls to DynamoDB that get no answer, half of them after their effect. */
const LOST = 0.005;

type Document = ReturnType<typeof policyDocument>;

/** Small enough that one budget of money, one of requests and one of tokens is exhausted now and then. */
function documentFor(url: string): Document {
  const document = policyDocument();
  document.mistral = { ...document.mistral, apiUrl: url };
  const [dev, ml, prod] = document.workspaces;
  const budgets = { hourlyUsd: 100, dailyUsd: 200, monthlyUsd: 300 };
  Object.assign(dev, { budgets: { ...budgets, hourlyUsd: 0.15 }, requestsPerMinute: 6000 });
  Object.assign(ml, { budgets, requestsPerMinute: 120, quotaShards: 2 });
  Object.assign(prod, { budgets, requestsPerMinute: 60_000 });
  for (const workspace of document.workspaces) workspace.models = '*';
  for (const role of Object.values<Document>(document.roles)) role.models = '*';
  document.roles.analyst.dailyTokens = 200_000;
  document.roles.developer.dailyTokens = 20_000_000;
  document.gateway = { ...document.gateway, readers: [] };
  return document;
}

const session = (role: string) => `arn:aws:sts::111122223333:assumed-role/${role}/alice`;

/** Where the tokens of a caller are counted who belongs to this workspace: of a role, all sessions are one. */
function tokensOf(document: Document, workspace: string, session: string): string {
  const arn = session.replace(/(:assumed-role\/[^/]+)\/.*/, '$1');
  const { id } = document.workspaces.find(({ name }: { name: string }) => name === workspace);
  return `quota#caller#${id}#${arn}`;
}

function homeOf(document: Document, role: string): string {
  const isOf = ({ principal }: { principal: string }) => principal.includes(`/${role}`);
  return document.callers.find(isOf).workspace;
}

export async function playMoney(run: MoneyRun): Promise<MoneyResult> {
  const random = randomFrom(run.seed);
  // Of its own, or the order in which answers come would change what is planned.
  const losses = randomFrom(run.seed + 1);
  let nowMs = run.startMs;
  const now = () => new Date(nowMs);
  const books = await openMistralBooks(() => nowMs);
  const document = documentFor(books.url);
  const dynamo = await startLocalDynamo();
  await dynamo.createTable(TABLE);
  const secrets = createSecretStore(now, () => {});
  const agent = new Agent({ keepAlive: true });
  const secretNames = [...WORKSPACES.map((name) => `mistral/${name}/gateway`), SERVICE_SECRET];
  const keys = new Map<string, string>();
  const endings = new Map<number, Ending>();
  const unknown = new Set<number>();
  const unsure = new Set<number>();
  const callers = new Map<number, string>();
  const homes = new Map<number, string>();
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  let processes = 0;
  let requests = 0;

  const chance = (share: number) => random() < share;
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(...values: readonly T[]) => values[below(values.length)] as T;

  /** The next key of a secret; the last one stays valid for now. */
  function rotate(name: string): void {
    const workspace = name.split('/')[1] ?? '';
    const key = `key-${keys.size}-${books.workspaceOf.size}-${below(1e9)}`;
    const { id } = document.workspaces.find((one: { name: string }) => one.name === workspace);
    const value = JSON.stringify({
      ...{ apiKey: key, keyId: `id-${keys.size}`, workspace, workspaceId: id },
      ...{ createdAt: now().toISOString(), expiresAt: null },
    });
    books.workspaceOf.set(key, workspace);
    if (keys.has(name))
      secrets.operations.PutSecretValue?.({ SecretId: name, SecretString: value });
    else secrets.create(name, { value });
    keys.set(name, key);
  }

  /** AWS for one process, which loses a call now and then; none is answered once it is dead. */
  function awsFor(isDead: () => boolean) {
    const { url, aws } = callInProcess(async (call) => {
      if (isDead()) return 'no answer';
      const target = call.headers['x-amz-target'] ?? '';
      if (target.startsWith('secretsmanager')) return answerAwsJson(call, secrets.operations);
      if (!target.startsWith('DynamoDB')) return jsonAnswer(200, {});
      const fate = losses();
      if (fate < LOST / 2) return 'no answer';
      const answer = await dynamo.answer(call);
      return fate < LOST || isDead() ? 'no answer' : answer;
    });
    return { ...localAws(url), ...aws, maxAttempts: 1 };
  }

  function newProcess(
    fixed: Pick<Process, 'name' | 'caller' | 'home' | 'isPatient' | 'send'>,
    { flush, close, kill }: Pick<Process, 'close' | 'kill'> & { flush: () => Promise<void> },
    failures: () => number,
  ): Process {
    const unsettled = new Set<number>();
    const begunSince = new Set<number>();
    const running = new Set<number>();
    return {
      ...fixed,
      ...{ unsettled, begunSince, running, close },
      async flush() {
        const before = failures();
        const ended = [...unsettled].filter((id) => !running.has(id));
        const begun = [...begunSince];
        await flush();
        if (failures() > before) return false;
        for (const id of ended) unsettled.delete(id);
        for (const id of begun) begunSince.delete(id);
        return true;
      },
      kill() {
        for (const id of begunSince) unknown.add(id);
        for (const id of unsettled) unsure.add(id);
        kill();
      },
    };
  }

  async function openGateway(role: string, isPatient: boolean): Promise<Process> {
    processes += 1;
    let isDead = false;
    let failures = 0;
    const policy = aPolicy((shipped) => {
      Object.assign(shipped, structuredClone(document));
      if (!isPatient)
        Object.assign(shipped.gateway, {
          firstByteTimeoutSeconds: PATIENCE_MS / 1000,
          idleTimeoutSeconds: PATIENCE_MS / 1000,
          maxBodyBytes: 16_384, // larger files are sent on as they arrive
        });
    });
    const opened = connectGateway({
      ...{ policy, unawaited: UNAWAITED },
      aws: awsFor(() => isDead),
      upstream: createUndiciUpstream(books.url, policy.gateway),
      quotaTableName: TABLE,
      alertsEnv: LOCAL_ALERTS,
      log: {
        info() {},
        warn: (message) => {
          if (message === 'counters not reached') failures += 1;
        },
        error: (message) => count(`logged: ${message}`),
      },
      now,
      holderId: `process-${processes}`,
    });
    await opened.ready;
    const { server, drain } = createHttpShell(opened.gateway, { callerHeader: 'x-caller-arn' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return newProcess(
      {
        name: role,
        caller:
          role === 'platform-admin'
            ? undefined
            : tokensOf(document, homeOf(document, role), session(role)),
        home: homeOf(document, role),
        isPatient,
        send: (one) => overHttp(agent, port, session(role), one),
      },
      {
        flush: opened.flush,
        async close() {
          await drain(5_000);
          await opened.close();
        },
        kill() {
          isDead = true;
          server.closeAllConnections();
          server.close();
        },
      },
      () => failures,
    );
  }

  async function openClient(): Promise<Process> {
    let isDead = false;
    let failures = 0;
    const aws = awsFor(() => isDead);
    const client = await createGovernedMistral({
      ...{ role: 'developer', workspace: 'prod-workspace', service: 'search' },
      ...{ secretId: SERVICE_SECRET, policy: document, quotaTableName: TABLE, now },
      secretsManager: new SecretsManagerClient(aws),
      dynamo: new DynamoDBClient(aws),
      ...{ flushEverySeconds: 0, closeTimeoutSeconds: 1, unawaited: UNAWAITED },
      log: {
        info() {},
        error() {},
        warn() {
          failures += 1;
        },
      },
    });
    return newProcess(
      {
        name: 'client',
        caller: tokensOf(document, 'prod-workspace', 'arn:aws:iam::000000000000:user/search'),
        home: 'prod-workspace',
        isPatient: true,
        send: (one) => byClient(client, one),
      },
      {
        flush: () => client.flush(),
        close: () => client.close(),
        kill() {
          isDead = true;
        },
      },
      () => failures,
    );
  }

  function newRequest(process: Process): Request {
    requests += 1;
    const id = requests;
    const endpoint = oneOf<Plan['endpoint']>(
      ...(['chat', 'chat', 'chat', 'chat', 'large', 'fim'] as const),
      ...(['embeddings', 'moderations', 'chats', 'speech', 'ocr', 'audio'] as const),
      'transcription',
    );
    const isGeneration = ['chat', 'large', 'fim'].includes(endpoint);
    const isTranscription = endpoint === 'transcription';
    const isStream = (isGeneration || isTranscription) && chance(0.5);
    const isClient = process.name === 'client';
    // One of unknown end is booked as a context full of audio, and few of them are a day's tokens.
    const isAudio = endpoint === 'audio' || isTranscription;
    const stopsAt =
      isAudio || chance(0.5) ? 'nowhere' : oneOf<Plan['stopsAt']>('the head', 'the middle');
    const ways: Then[] = process.isPatient
      ? ['go', 'abort', 'park', ...(isClient ? (['time out'] as const) : [])]
      : ['go', 'abort', 'time out'];
    const then =
      stopsAt === 'nowhere'
        ? ((!isStream && !isAudio) || isTranscription) && chance(0.1)
          ? 'abort soon'
          : 'go'
        : oneOf(...ways);
    const ends: End[] = isStream
      ? ['whole', 'whole', 'cut', 'error', 'unterminated', 'silent']
      : ['whole', 'whole', 'cut', 'cut after', 'silent', 'decoy'];
    // The SDK reads no answer with fields that its API does not have.
    const end =
      isAudio || chance(0.5)
        ? 'whole'
        : oneOf(...(isClient ? ends.filter((e) => e !== 'decoy') : ends));
    const errors = chance(0.12)
      ? Array.from({ length: 1 + below(2) }, () => oneOf(429, 429, 500, 503, 400, 422))
      : [];
    const text = `[[${id}]] ${'word '.repeat(below(120))}`;
    return {
      ...{ id, endpoint, isStream, errors, stopsAt, end, then },
      body: bodyOf(endpoint, text, isStream),
      completionTokens: 1 + below(60),
      cachedTokens: chance(0.3) ? 64 * below(3) : 0,
      isHalfSent: !isClient && chance(0.02),
      parkedTicks: 1 + below(6),
      arrivals: 0,
      reached: signal(),
      go: signal(),
      over: signal(),
    };
  }

  function bodyOf(endpoint: Plan['endpoint'], text: string, isStream: boolean) {
    const model = MODELS[endpoint].id;
    const max_tokens = chance(0.9) ? 20 + below(100) : undefined;
    const stream = isStream || undefined;
    switch (endpoint) {
      case 'embeddings':
      case 'moderations':
      case 'speech':
        return { model, input: text };
      case 'transcription':
        return { model, file: text + 'x'.repeat(below(40_000)), stream };
      case 'chats':
        return { model, input: [{ role: 'user', content: text }] };
      case 'ocr': {
        const document = { type: 'document_url', document_url: `https://x/${text.split(' ')[0]}` };
        const pages = Array.from({ length: 1 + below(4) }, (_, page) => page);
        return { model, document, pages };
      }
      case 'fim':
        return { model, prompt: text, max_tokens, stream };
      case 'audio': {
        const audio = { type: 'input_audio', input_audio: 'UklGRg==' };
        const content = [{ type: 'text', text }, audio];
        return { model, messages: [{ role: 'user', content }], max_tokens };
      }
      default: {
        const n = !isStream && chance(0.1) ? 2 : undefined;
        return { model, messages: [{ role: 'user', content: text }], max_tokens, stream, n };
      }
    }
  }

  /** Until it has ended, or is parked. */
  async function begin(process: Process, one: Request): Promise<Parked | undefined> {
    const { id } = one;
    books.plans.set(id, one);
    if (process.caller) callers.set(id, process.caller);
    homes.set(id, process.home);
    for (const set of [process.unsettled, process.begunSince, process.running]) set.add(id);
    const exchange = process.send(one);
    const ended = exchange.end.then((ending) => {
      endings.set(id, ending);
      process.running.delete(id);
      count(`${process.name === 'client' ? 'client' : 'gateway'}: ${ending}`);
    });
    if (one.then === 'abort soon') {
      for (let turns = below(12); turns > 0; turns -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      exchange.abort();
    }
    if (one.stopsAt === 'nowhere' || one.isHalfSent) {
      await ended;
      return undefined;
    }
    const isThere = one.reached.wait.then((events) => exchange.seen(events));
    await Promise.race([isThere, ended]);
    if (endings.has(id)) {
      // It may be on its way all the same, and be read to its end.
      if (!one.isStream) one.go.resolve('go');
      return undefined;
    }
    if (one.then === 'park') return { process, one, ended };
    if (one.then === 'abort') exchange.abort();
    if (one.then === 'time out' || (one.then === 'abort' && one.isStream)) await ended;
    if (one.then === 'abort' && one.isStream && one.stopsAt === 'the middle') {
      // Read on: to its usage, or until that takes too long, which Mistral sees by itself.
      if (id % 2 === 1) one.go.resolve('go');
      await one.over.wait;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return undefined;
    }
    // Nothing more is generated of a stream that has not begun.
    if (one.then !== 'go' && one.isStream) return undefined;
    one.go.resolve('go');
    await ended;
    return undefined;
  }

  interface Parked {
    readonly process: Process;
    readonly one: Request;
    readonly ended: Promise<void>;
  }

  const openers = [
    () => openGateway('developer', true),
    () => openGateway('analyst', true),
    () => openGateway('platform-admin', true),
    () => openGateway('platform-admin', false),
    () => openClient(),
    () => openClient(),
  ];

  for (const name of secretNames) rotate(name);
  const living: Process[] = [];
  for (const open of openers) living.push(await open());
  let parked: Parked[] = [];
  const retired: { key: string; at: number }[] = [];

  async function goOn(which: (one: Parked) => boolean, how: 'go' | 'cut'): Promise<void> {
    const due = parked.filter(which);
    parked = parked.filter((one) => !which(one));
    for (const { one } of due) one.go.resolve(how);
    await Promise.all(due.map(({ ended }) => ended));
  }

  for (let tick = 0; tick < run.ticks; tick += 1) {
    nowMs += STEP_MS;
    if (tick % 10 === 4) {
      const name = oneOf(...secretNames);
      retired.push({ key: keys.get(name) ?? '', at: tick + 5 });
      rotate(name);
      count('rotations');
    }
    for (const { key, at } of retired) if (at === tick) books.workspaceOf.delete(key);

    const asked = Array.from({ length: run.requestsPerTick }, () => {
      const process = oneOf(...living);
      return begin(process, newRequest(process));
    });
    for (const one of await Promise.all(asked)) if (one) parked.push(one);
    for (const { one } of parked) one.parkedTicks -= 1;
    await goOn(({ one }) => one.parkedTicks <= 0, 'go');

    if (tick % 12 === 7) {
      const at = below(living.length);
      const dying = living[at] as Process;
      if (tick % 24 === 7) {
        dying.kill();
        await goOn(({ process }) => process === dying, 'cut');
        count('kills');
      } else {
        await goOn(({ process }) => process === dying, 'go');
        await dying.close();
        count('restarts');
      }
      living[at] = (await openers[at]?.()) as Process;
    }
    for (const process of living) if (chance(0.8)) await process.flush();
  }

  await goOn(() => true, 'go');
  for (const process of living) {
    nowMs += 300; // a counter that gave no answer is not called again at once
    await process.close();
    while (!(await process.flush())) nowMs += 300;
  }
  nowMs += EXPIRED_MS;
  const result = await compare(
    { books, dynamo, document },
    { endings, unknown, unsure, callers, homes, counts: { ...counts, requests } },
  );
  agent.destroy();
  await Promise.all([books.close(), dynamo.close()]);
  return result;
}

interface Facts {
  readonly endings: ReadonlyMap<number, Ending>;
  readonly unknown: ReadonlySet<number>;
  readonly unsure: ReadonlySet<number>;
  readonly callers: ReadonlyMap<number, string>;
  /** The workspace of each request's caller. */
  readonly homes: ReadonlyMap<number, string>;
  readonly counts: Readonly<Record<string, number>>;
}

const WINDOWS = { hour: 13, day: 10, month: 7 } as const;
const NANOS = 1_000_000_000;

/** The counters in the table, as docs/budgets.md describes them, against Mistral's bills. */
async function compare(
  { books, dynamo, document }: { books: MistralBooks; dynamo: LocalDynamo; document: Document },
  { endings, unknown, unsure, callers, homes, counts }: Facts,
): Promise<MoneyResult> {
  const settled = new Map<string, number>();
  for (const item of await dynamo.items(TABLE)) {
    // A lease that has ended: what was in flight counts as used.
    const leases = Object.entries(item).filter(([name]) => name.startsWith('lease#'));
    const inFlight = leases.map(([, value]) => Number(value.S?.split(' ')[1]));
    const pk = item.pk?.S?.replace(/((?:workspace|lent|borrowed)#[^#]+)#\d+$/, '$1');
    const name = `${pk} ${item.sk?.S}`;
    const sum = inFlight.reduce((all, one) => all + one, Number(item.settled?.N ?? 0));
    settled.set(name, (settled.get(name) ?? 0) + sum);
  }
  const rows = new Map<string, Row>();
  function row(name: string, limit: number): Row {
    const known = rows.get(name);
    if (known) return known;
    const fresh = { name, limit, billed: 0, settled: settled.get(name) ?? 0, unknown: 0, spare: 0 };
    rows.set(name, fresh);
    return fresh;
  }

  function add(to: Row, bill: Bill, amount: number, upper: number, partial: number): void {
    to.billed += amount;
    if (unknown.has(bill.id)) to.unknown += amount;
    to.spare += Math.max(0, mostOf(bill, upper, partial) - amount);
  }

  /** What may be settled at most: exactly its bill, where its answer came whole. */
  function mostOf(bill: Bill, upper: number, partial: number): number {
    const plan = books.plans.get(bill.id) as Request;
    const isKnown = endings.get(bill.id) === 'whole' && bill.isWhole;
    if (bill.isError) return partial; // of a stream, what came before its error
    if (isKnown && !unsure.has(bill.id)) return 0;
    const isCancelled = plan.then === 'abort' && plan.stopsAt === 'the middle' && bill.isStream;
    return isCancelled && !unsure.has(bill.id) ? partial : upper;
  }

  for (const bill of books.bills) {
    const at = new Date(bill.atMs).toISOString();
    const named = (wanted?: string) =>
      document.workspaces.find(({ name }: { name: string }) => name === wanted);
    const [workspace, home] = [named(bill.workspace), named(homes.get(bill.id))];
    const addMoney = (scope: string, length: number, limit: number) =>
      add(
        row(`quota#${scope} usd#${at.slice(0, length)}`, limit),
        ...([bill, bill.cost, bill.upper.cost, bill.partial.cost] as const),
      );
    // Whose key sent it, and whose caller asked for it: both budgets count it.
    for (const one of new Set([workspace, home])) {
      for (const [window, length] of Object.entries(WINDOWS)) {
        const budget = one.budgets[window === 'day' ? 'dailyUsd' : `${window}lyUsd`];
        addMoney(`workspace#${one.id}`, length, budget * NANOS);
      }
    }
    if (home !== workspace) {
      addMoney(`lent#${workspace.id}`, WINDOWS.day, workspace.lends.dailyUsd * NANOS);
      addMoney(`borrowed#${home.id}`, WINDOWS.day, Infinity);
      addMoney(`borrowed#${home.id}`, WINDOWS.month, Infinity);
    }
    const minute = row(
      `quota#workspace#${workspace.id} requests#${at.slice(0, 16)}`,
      workspace.requestsPerMinute,
    );
    if (!bill.isError) add(minute, bill, 1, 1, 1);
    const caller = callers.get(bill.id);
    if (!caller) continue;
    const tokens = row(`${caller} tokens#${at.slice(0, 10)}`, Infinity);
    add(tokens, bill, bill.tokens, bill.upper.tokens, bill.partial.tokens);
  }
  const of = (unit: string) => [...rows.values()].filter(({ name }) => name.includes(` ${unit}#`));
  const lost = books.bills
    .filter(({ id }) => unsure.has(id) || unknown.has(id))
    .reduce((sum, { cost, upper }) => sum + Math.max(cost, upper.cost), 0);
  const ledger = ledgerRows(await dynamo.items(TABLE), lost, (workspaceId, day) => {
    const inDay = (scope: string) => settled.get(`quota#${scope}#${workspaceId} usd#${day}`) ?? 0;
    return inDay('workspace') - inDay('lent');
  });
  return { money: of('usd'), tokens: of('tokens'), requests: of('requests'), ledger, counts };
}

/** What the ledger says of each day of each workspace, and what was settled there. */
function ledgerRows(
  items: Awaited<ReturnType<LocalDynamo['items']>>,
  lost: number,
  settledOn: (workspaceId: string, day: string) => number,
): readonly LedgerSum[] {
  const sums = new Map<string, number>();
  for (const { pk, rows } of items) {
    const [kind, workspaceId, day] = pk?.S?.split('#') ?? [];
    if (kind !== 'ledger') continue;
    const page: unknown[] = JSON.parse(rows?.S ?? '[]');
    const cost = page.map(readRow).reduce((sum, { costNanos }) => sum + costNanos, 0);
    const name = `${workspaceId} ${day}`;
    sums.set(name, (sums.get(name) ?? 0) + cost);
  }
  return [...sums].map(([name, inLedger]) => {
    const [workspaceId = '', day = ''] = name.split(' ');
    return { name, inLedger, settled: settledOn(workspaceId, day), lost };
  });
}

/** A caller on a kept connection, who sees each event as it arrives. */
function overHttp(agent: Agent, port: number, caller: string, one: Request): Exchange {
  const isForm = one.endpoint === 'transcription';
  const body = isForm ? formOf(one.body) : JSON.stringify(one.body);
  const headers = {
    'content-type': isForm ? `multipart/form-data; boundary=${BOUNDARY}` : 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-caller-arn': caller,
  };
  const events = newEvents();
  const call = request({ agent, port, path: PATHS[one.endpoint], method: 'POST', headers });
  const end = new Promise<Ending>((resolve) => {
    call.on('error', () => resolve('broken'));
    call.on('close', () => resolve('broken'));
    call.on('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => events.add(text.split('\n\n').length - 1));
      response.on('end', () => resolve((response.statusCode ?? 500) < 300 ? 'whole' : 'error'));
      response.on('error', () => resolve('broken'));
      response.on('close', () => resolve('broken'));
    });
  });
  if (one.isHalfSent) call.write(body.slice(0, body.length / 2), () => call.destroy());
  else call.end(body);
  return { end, seen: events.seen, abort: () => void call.destroy() };
}

/** A service with the client library, whose SDK sends errors again. */
function byClient(
  client: Awaited<ReturnType<typeof createGovernedMistral>>,
  one: Request,
): Exchange {
  const leaving = new AbortController();
  const events = newEvents();
  // The SDK's own timeout may not fire after a garbage collection.
  if (one.then === 'time out') setTimeout(() => leaving.abort(), PATIENCE_MS);
  const options = {
    fetchOptions: { signal: leaving.signal },
    retries: {
      strategy: 'backoff',
      backoff: { initialInterval: 1, maxInterval: 2, exponent: 1, maxElapsedTime: 10_000 },
      retryConnectionErrors: true,
    },
  } as const;
  const { max_tokens: maxTokens, stream, input, ...rest } = one.body;
  const asked = { ...rest, ...(maxTokens !== undefined && { maxTokens }) };

  async function send(): Promise<void> {
    switch (one.endpoint) {
      case 'embeddings':
        await client.embeddings.create({ ...asked, inputs: input } as never, options);
        return;
      case 'chats':
        await client.classifiers.moderateChat({ ...asked, inputs: input } as never, options);
        return;
      case 'speech':
        await client.audio.speech.complete({ ...asked, input } as never, options);
        return;
      case 'transcription': {
        const file = { fileName: 'a.mp3', content: Buffer.from(String(rest.file)) };
        const audio = { model: String(rest.model), file };
        if (stream) await readAll(client.audio.transcriptions.stream(audio, options));
        else await client.audio.transcriptions.complete(audio, options);
        return;
      }
      case 'moderations':
        await client.classifiers.moderate({ ...asked, inputs: input } as never, options);
        return;
      case 'ocr': {
        const document = { type: 'document_url', documentUrl: urlOf(one.body) };
        await client.ocr.process({ ...asked, document } as never, options);
        return;
      }
      case 'audio':
        await client.chat.complete(withAudio(asked) as never, options);
        return;
      case 'fim':
        if (stream) await readAll(client.fim.stream(asked as never, options));
        else await client.fim.complete(asked as never, options);
        return;
      default:
        if (stream) await readAll(client.chat.stream(asked as never, options));
        else await client.chat.complete(asked as never, options);
    }
  }

  async function readAll(answer: Promise<AsyncIterable<unknown>>): Promise<void> {
    for await (const _ of await answer) events.add(1);
  }

  const end = send().then(
    (): Ending => 'whole',
    (): Ending => 'broken',
  );
  return { end, seen: events.seen, abort: () => leaving.abort() };
}

const BOUNDARY = 'money-run';

/** In the order of the official SDK, in which `stream` comes after the file. */
function formOf({ model, file, stream }: Request['body']): string {
  const part = (name: string, value: unknown, more = '') =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const parts = [part('model', model), part('file', file, '; filename="a.mp3"')];
  if (stream) parts.push(part('stream', 'true'));
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

function urlOf({ document }: Request['body']): unknown {
  return (document as { document_url: string }).document_url;
}

function withAudio(asked: object): object {
  const { messages } = asked as { messages: [{ content: [object, { input_audio: string }] }] };
  const [{ content }] = messages;
  const audio = { type: 'input_audio', inputAudio: content[1].input_audio };
  return { ...asked, messages: [{ role: 'user', content: [content[0], audio] }] };
}

function newEvents() {
  let arrived = 0;
  let waiting: { readonly events: number; readonly resolve: () => void }[] = [];
  return {
    add(events: number): void {
      arrived += events;
      for (const one of waiting) if (one.events <= arrived) one.resolve();
      waiting = waiting.filter((one) => one.events > arrived);
    },
    seen: (events: number) =>
      new Promise<void>((resolve) => {
        if (events <= arrived) resolve();
        else waiting.push({ events, resolve });
      }),
  };
}
