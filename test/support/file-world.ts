import { createGateway } from '../../gateway/gateway.js';
import type { Reply } from '../../gateway/reply.js';
import type { Upstream, UpstreamHandler, UpstreamRequest } from '../../gateway/upstream.js';
import { createMetering } from '../../governance/metering/metering.js';
import { answerOf } from '../../governance/metering/problem.js';
import type { ObjectStore } from '../../governance/objects/objects.js';
import { Ownership } from '../../governance/objects/ownership.js';
import { type HttpAnswer, jsonAnswer } from '../../testing/fakes/http-server.js';
import { createFakeFiles } from '../../testing/fakes/mistral-files.js';
import { createFakeObjectStore } from '../../testing/fakes/object-records.js';
import { aPolicy } from './builders.js';
import { accessTo, fakeKeys, fakeQuotas, fakeTariff, KEY } from './gateway-fakes.js';
import { session } from './gateway-world.js';

export const ALICE = session('alice');
export const BOB = session('bob');
/** Their role shares what they create. */
export const CAROL = session('carol');
export const DAVE = session('dave');
/** In another workspace. */
export const EVE = session('eve');

/** What happens to one call: it takes no effect, or its answer is lost after it did. */
export type Fault = 'refused' | 'timeout' | 'lost' | 'broken';
export const FAULTS: readonly Fault[] = ['refused', 'timeout', 'lost', 'broken'];

/** Asked before each call to Mistral or the table, by what is called and how often that was. */
export type Faults = (call: string) => Fault | undefined;

export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly text: string;
  /** It broke off. */
  readonly isBroken: boolean;
}

/** Parsed once: thousands of worlds have it. */
const policy = aPolicy((document) => {
  const developer = { ...document.roles.developer, models: '*' };
  for (const workspace of document.workspaces) workspace.models = '*';
  document.roles = {
    developer,
    team: { ...developer, sharedObjects: 'workspace' },
    other: { ...developer, sharedObjects: 'workspace' },
  };
  const caller = (name: string, role: string, workspace = 'dev-workspace') => ({
    principal: `arn:aws:iam::111122223333:role/${name}`,
    role,
    workspace,
  });
  document.callers = [
    ...[caller('alice', 'developer'), caller('bob', 'developer'), caller('carol', 'team')],
    ...[caller('dave', 'other'), caller('eve', 'team', 'ml-workspace')],
  ];
});
const access = accessTo(policy);

/** Two callers and more, the gateway's own code, and Mistral's files and the table of owners in memory. */
export function fileWorld(faults: Faults = () => undefined) {
  let at = Date.parse('2026-06-30T12:00:00Z');
  const now = () => new Date(at);
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  const mistral = createFakeFiles({ now, newId });
  const records = createFakeObjectStore();
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const quotas = fakeQuotas();
  quotas.limits.set('workspace#dev-workspace requests minute', 1e9);
  const sent: string[] = [];

  const upstream: Upstream = {
    dispatch(request, handler) {
      sent.push(`${request.method} ${request.path}`);
      const call = `mistral ${request.method}`;
      queueMicrotask(() => void answerFrom(request, handler, faults(call)));
    },
    close: async () => {},
  };

  async function answerFrom(
    { method, path, key, body }: UpstreamRequest,
    handler: UpstreamHandler,
    fault: Fault | undefined,
  ): Promise<void> {
    const controller = { pause() {}, resume() {}, abort() {} };
    const fail = (code: string) =>
      handler.onResponseError(controller, Object.assign(new Error(code), { code }));
    handler.onRequestStart(controller);
    if (fault === 'timeout') return fail('ANSWER_TIMEOUT');
    const chunks: Buffer[] = [];
    if (Buffer.isBuffer(body)) chunks.push(body);
    else if (body) for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
    const workspaceId = key.reveal().replace(`${KEY}-`, '');
    const headers = Object.fromEntries(Object.entries(request(body)));
    const said = method === 'POST' ? world.answerWith : undefined;
    const answer: HttpAnswer =
      said !== undefined
        ? { status: 200, body: said }
        : fault === 'refused'
          ? jsonAnswer(500, { message: 'failed' })
          : (mistral.answer(
              { workspaceId },
              {
                ...{ method, headers, body: Buffer.concat(chunks).toString('utf8') },
                url: new URL(path, 'http://mistral'),
              },
            ) ?? jsonAnswer(404, {}));
    if (fault === 'lost') return fail('ECONNRESET');
    const bytes = Buffer.from(answer.body);
    handler.onResponseStart(controller, answer.status, {
      'content-type': 'application/json',
      ...answer.headers,
      'content-length': String(bytes.length),
    });
    if (fault === 'broken') {
      handler.onResponseData(controller, bytes.subarray(0, bytes.length / 2));
      return fail('ECONNRESET');
    }
    handler.onResponseData(controller, bytes);
    handler.onResponseEnd();
  }

  /** The form's type is of its boundary, which is on its first line. */
  function request(body: UpstreamRequest['body']): Record<string, string> {
    const first = Buffer.isBuffer(body) ? /^--([^\r\n]+)/.exec(body.toString('latin1'))?.[1] : '';
    return first ? { 'content-type': `multipart/form-data; boundary=${first}` } : {};
  }

  async function faulty<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const fault = faults(`table ${name}`);
    if (fault === 'refused' || fault === 'timeout') throw named('ThrottlingException');
    const result = await act();
    if (fault !== undefined) throw named('TimeoutError');
    return result;
  }

  const store: ObjectStore = {
    read: (key) => faulty('read', () => records.read(key)),
    write: (record) => faulty('write', () => records.write(record)),
    remove: (record) => faulty('remove', () => records.remove(record)),
    known: (of, some) => faulty('known', () => records.known(of, some)),
    async *ownedBy(owner, of) {
      await faulty('list', async () => {});
      yield* records.ownedBy(owner, of);
    },
    async *shared(of) {
      await faulty('list', async () => {});
      yield* records.shared(of);
    },
  };

  const running = { now, sleep: async () => {}, random: () => 1 };
  const gateway = createGateway({
    ...{ policy, upstream, access, quotas, keys: fakeKeys(), ...running },
    metering: createMetering(policy, quotas, fakeTariff),
    objects: new Ownership({ ...running, store, policy }),
    alerts: { unauthorized() {} },
    metrics: { ended() {}, refused() {} },
    log: { info: log, warn: log, error: log },
  });

  const world = {
    /** Instead of what Mistral would answer to the next POST. */
    answerWith: undefined as string | undefined,
    mistral,
    records,
    logged,
    quotas,
    /** What was sent to Mistral. */
    sent,
    /** Another second, so that files have an order. */
    tick: (milliseconds = 1000) => {
      at += milliseconds;
    },

    /** As both shells ask: by the method and target of the request. */
    ask(
      callerArn: string | undefined,
      method: string,
      target: string,
      body: Buffer = Buffer.alloc(0),
      contentType?: string,
    ): Promise<Answer> {
      return new Promise((resolve) => {
        const reply = new CollectedReply(resolve);
        const endpoint = gateway.route(method, target, callerArn);
        if (endpoint.kind === 'problem') {
          reply.refuse(endpoint);
          return;
        }
        const head = { callerArn, accept: undefined, contentType };
        gateway.handle(endpoint, head, body, reply);
      });
    },
  };
  return world;
}

/** A form as a client sends it. */
export function fileForm(
  fields: Readonly<Record<string, string>>,
  file: { readonly name: string; readonly content: string; readonly type?: string } | undefined,
) {
  const boundary = 'aB3xK9';
  const parts = Object.entries(fields).map(
    ([name, value]) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  if (file) {
    const { name, content, type = 'application/pdf' } = file;
    parts.push(
      `content-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n${content}`,
    );
  }
  const lines = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return {
    body: Buffer.from(`${lines}--${boundary}--\r\n`),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

class CollectedReply implements Reply {
  started = false;
  #status = 0;
  #headers: string[] = [];
  readonly #added: string[] = [];
  readonly #chunks: Buffer[] = [];

  constructor(private readonly done: (answer: Answer) => void) {}

  refuse(problem: Parameters<typeof answerOf>[0]): void {
    const { status, headers, body } = answerOf(problem);
    this.start(status, headers);
    this.end(body);
  }

  addHeader(name: string, value: string): void {
    this.#added.push(name, value);
  }

  start(status: number, headers: string[]): void {
    this.started = true;
    this.#status = status;
    this.#headers = [...headers, ...this.#added];
  }

  flushHead(): void {}

  write(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  onceDrained(): void {}

  end(chunk?: Buffer): void {
    if (chunk) this.#chunks.push(chunk);
    this.#finish(false);
  }

  destroy(): void {
    this.#finish(true);
  }

  #finish(isBroken: boolean): void {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    this.done({ status: this.#status, headers: this.#headers, text, isBroken });
  }
}
