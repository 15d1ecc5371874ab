import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { describe, expect, test } from 'vitest';
import { UNSEEN_TOKENS } from '../../governance/metering/hold.js';
import { PATIENCE_MS } from '../../testing/aws.js';
import {
  clientWorld,
  CHAT as FROM_CLIENT,
  DAILY_TOKENS as OF_SERVICE,
} from '../support/client-world.js';
import {
  CALLER_HEADER,
  DAILY_TOKENS,
  DEVELOPER,
  eventually,
  gatewayWorld,
  type Received,
  UPSTREAM_KINDS,
} from '../support/gateway-world.js';

/** Abandoned streams are read on for this long: longer than it takes Mistral to report the usage. */
const READ_ON = { withinMs: PATIENCE_MS, streamWithinMs: PATIENCE_MS, atOnce: 64 };
/** Or not long enough, or not at all. */
const BRIEFLY = { ...READ_ON, streamWithinMs: 100 };
const NO_MORE = { ...READ_ON, atOnce: 0 };

/** Texts that are as many tokens as they have digits, or bytes; and one that is far fewer. */
const SCRIPTS = {
  digits: { text: '7'.repeat(600), tokens: 600 },
  CJK: { text: '鬱'.repeat(300), tokens: 600 },
  emoji: { text: '\u{1fae8}'.repeat(200), tokens: 800 },
  English: { text: 'the price of an answer '.repeat(40), tokens: 200 },
} as const;
type ScriptName = keyof typeof SCRIPTS;
type Script = { readonly text: string; readonly tokens: number };
const NAMES = Object.keys(SCRIPTS) as ScriptName[];

/** Of a prompt: its text, and the template. */
const promptTokens = ({ tokens }: Script) => tokens + 8;
const EVENTS = 12;

/** How many events a caller waits for; none, not even the answer's head, before the answer. */
const LEAVES = {
  'before the answer': -1,
  'after the first event': 1,
  halfway: EVENTS / 2,
  'after the last word': EVENTS,
} as const;

/**
 * A Mistral that counts what it generates, until it notices that the connection is closed. Each event carries
 * a tenth of the text, which its length does not show; the usage comes last, after a pause.
 */
function books(script: Script, pauseMs: number, ends: boolean) {
  const bill = { tokens: 0, isEnded: false };
  const pieces = piecesOf(script.text);
  async function answer(response: ServerResponse, { body }: Received): Promise<void> {
    expect(JSON.parse(body).messages[0].content).toBe(script.text);
    bill.tokens += promptTokens(script);
    let isRead = true;
    response.on('close', () => {
      isRead = false;
    });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let at = 0; at < EVENTS; at += 1) {
      response.write(event(pieces[at % pieces.length] ?? ''));
      bill.tokens += script.tokens / 10;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (!isRead || !ends) return;
    bill.isEnded = true;
    const prompt_tokens = promptTokens(script);
    const completion_tokens = (EVENTS * script.tokens) / 10;
    const total_tokens = prompt_tokens + completion_tokens;
    const usage = { prompt_tokens, completion_tokens, total_tokens };
    response.end(`${event('', { usage })}data: [DONE]\n\n`);
  }
  return { bill, answer };
}

/** A tenth of the text each. */
function piecesOf(text: string): string[] {
  const characters = [...text];
  const size = characters.length / 10;
  return Array.from({ length: 10 }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  );
}

const event = (content: string, more: object = {}) => {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  const chunk = { id: 's1', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
  return `data: ${JSON.stringify({ ...chunk, ...more })}\n\n`;
};

/** At once: callers mostly wait. */
async function inEachScript(play: (script: Script, name: ScriptName) => Promise<void>) {
  await Promise.all(NAMES.map((name) => play(SCRIPTS[name], name)));
}

const asking = ({ text }: Script) => ({
  ...FROM_CLIENT,
  messages: [{ role: 'user' as const, content: text }],
});

/** Hangs up after so many events. */
async function leave(
  url: string,
  script: Script,
  events: number,
  isReceived = () => true,
  more: object = {},
): Promise<void> {
  const body = JSON.stringify({ ...asking(script), max_tokens: 2000, stream: true, ...more });
  const headers = { [CALLER_HEADER]: DEVELOPER, 'content-length': Buffer.byteLength(body) };
  const request: ClientRequest = httpRequest(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
  });
  request.on('error', () => {});
  const answered = new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
  request.end(body);
  if (events < 0) await eventually(isReceived);
  else {
    const answer = await answered;
    answer.on('error', () => {});
    let seen = '';
    await new Promise<void>((resolve) => {
      answer.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
        if (seen.split('\n\n').length > events) resolve();
      });
    });
  }
  request.destroy();
}

describe.each(UPSTREAM_KINDS)('through the gateway, over %s', (upstreamKind) => {
  const cases = (Object.keys(LEAVES) as (keyof typeof LEAVES)[]).flatMap((when) =>
    (['soon', 'never'] as const).map((usage) => ({ when, usage })),
  );

  test.each(cases)(
    'who leaves $when pays no less than Mistral bills, in any script (its usage comes $usage)',
    ({ when, usage }) =>
      inEachScript(async (script, name) => {
        const { bill, answer } = books(script, 40, usage === 'soon');
        const unawaited = usage === 'soon' ? READ_ON : BRIEFLY;
        const world = await gatewayWorld(answer, undefined, { upstreamKind, unawaited });

        await leave(world.url, script, LEAVES[when], () => world.received.length > 0);

        await eventually(() => world.quotas.ends.settled === 1);
        const settled = world.quotas.settled(DAILY_TOKENS);
        expect(settled, name).toBeGreaterThanOrEqual(bill.tokens);
        if (usage === 'soon' && LEAVES[when] > 0) {
          expect(bill.isEnded, name).toBe(true);
          expect(settled, name).toBe(bill.tokens);
        }
        expect(world.quotas.reserved(), name).toBe(0);
      }),
  );

  test('who leaves a long stream early pays for a part of it, and Mistral stops', async () => {
    const script = { text: 'the price '.repeat(10), tokens: 20 };
    const { answer } = books(script, 0, false);
    const world = await gatewayWorld(answer, undefined, { upstreamKind, unawaited: BRIEFLY });

    await leave(world.url, script, 1);

    await eventually(() => world.received[0]?.aborted === true);
    const prompt = Buffer.byteLength(world.received[0]?.body ?? '') + 64;
    const delivered = (EVENTS * script.text.length) / 10;
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(prompt + delivered + UNSEEN_TOKENS);
  });

  test.each([-1, 1, EVENTS])(
    'who asks for eight completions and leaves after event %i pays for all that are generated at once',
    async (events) => {
      const n = 8;
      const bill = { tokens: 0 };
      const choices = Array.from({ length: n }, (_, index) => ({
        ...{ index, delta: { content: index === 0 ? 'x' : '' }, finish_reason: null },
      }));
      const world = await gatewayWorld(
        async (response) => {
          bill.tokens += 8; // the prompt, once
          response.on('close', () => {
            bill.tokens += n * 1000; // until Mistral notices
          });
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (let at = 0; at < EVENTS; at += 1) {
            response.write(`data: ${JSON.stringify({ id: 's1', object: 'chunk', choices })}\n\n`);
            bill.tokens += n;
          }
        },
        ({ roles }) => {
          roles.developer.maxTokensPerRequest = 20_000;
        },
        { upstreamKind, unawaited: BRIEFLY },
      );

      await leave(world.url, SCRIPTS.English, events, () => world.received.length > 0, { n });

      await eventually(() => world.quotas.ends.settled === 1 && bill.tokens > n * 1000);
      expect(world.quotas.settled(DAILY_TOKENS)).toBeGreaterThanOrEqual(bill.tokens);
      expect(world.quotas.settled(DAILY_TOKENS)).toBeLessThan(2 * bill.tokens);
    },
  );

  test('twenty who leave at the last word pay what twenty who wait do', async () => {
    const script = SCRIPTS.digits;
    const { bill, answer } = books(script, 40, true);
    const world = await gatewayWorld(answer, undefined, { upstreamKind, unawaited: READ_ON });

    for (let turn = 0; turn < 20; turn += 1) await leave(world.url, script, EVENTS);

    await eventually(() => world.quotas.ends.settled === 20);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(bill.tokens);
  });

  test.each([1, EVENTS])(
    'where no more streams are read on, leaving after event %i is no cheaper',
    async (events) => {
      const script = SCRIPTS.emoji;
      const { bill, answer } = books(script, 40, true);
      const world = await gatewayWorld(answer, undefined, { upstreamKind, unawaited: NO_MORE });

      await leave(world.url, script, events);

      await eventually(() => world.quotas.ends.settled === 1);
      expect(world.quotas.settled(DAILY_TOKENS)).toBeGreaterThanOrEqual(bill.tokens);
    },
  );
});

describe('through the client library', () => {
  test.each([
    { events: 0, unawaited: READ_ON, ends: true },
    { events: 1, unawaited: READ_ON, ends: true },
    { events: EVENTS, unawaited: READ_ON, ends: true },
    { events: 1, unawaited: BRIEFLY, ends: false },
    { events: 0, unawaited: NO_MORE, ends: true },
    { events: EVENTS, unawaited: NO_MORE, ends: true },
  ])(
    'who leaves after $events events pays no less than Mistral bills, in any script (read on: $unawaited.atOnce, usage: $ends)',
    ({ events, unawaited, ends }) =>
      inEachScript(async (script, name) => {
        const { bill, answer } = books(script, 40, ends);
        const world = await clientWorld({ script: answer, options: { unawaited } });
        const mistral = await world.create();
        const abort = new AbortController();
        const stream = await mistral.chat.stream(
          { ...asking(script), maxTokens: 2000 },
          { fetchOptions: { signal: abort.signal } },
        );

        if (events === 0)
          abort.abort(); // reads nothing
        else {
          let seen = 0;
          for await (const _ of stream) {
            seen += 1;
            if (seen === events) break;
          }
        }
        await mistral.close(); // waits for what is read on

        const { settled } = await world.total(OF_SERVICE);
        expect(settled, name).toBeGreaterThanOrEqual(bill.tokens);
        if (unawaited === READ_ON) {
          expect(bill.isEnded, name).toBe(true);
          expect(settled, name).toBe(bill.tokens);
        }
      }),
  );
});
