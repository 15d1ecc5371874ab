import { expect, onTestFinished, test } from 'vitest';
import { startChild } from '../../bench/gateway/child.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DEVELOPER,
  eventually,
  gatewayWorld,
  session,
} from '../support/gateway-world.js';
import { rawConnection } from '../support/raw-connection.js';

const completing = () => gatewayWorld((response) => answerJson(response, 200, COMPLETION));

const STRANGERS: readonly (readonly [string, string[]])[] = [
  ['no header', []],
  ['an empty header', ['']],
  ['a role that the policy does not name', [session('stranger')]],
  ['a user that the policy does not name', ['arn:aws:iam::111122223333:user/stranger']],
  ['no ARN', ['developer']],
  ['an ARN of 12 KB', [session('s'.repeat(12_000))]],
  ['the account', ['arn:aws:iam::111122223333:root']],
];
const BODIES: readonly (readonly [string, string[]])[] = [
  ['announced', ['Content-Length: 4000000']],
  ['announced as too large', ['Content-Length: 400000000']],
  ['in chunks', ['Transfer-Encoding: chunked']],
  ['compressed', ['Content-Length: 4000000', 'Content-Encoding: gzip']],
  ['compressed in no known way', ['Content-Length: 4000000', 'Content-Encoding: zstd']],
  ['that waits for 100 continue', ['Content-Length: 4000000', 'Expect: 100-continue']],
];

for (const [who, callers] of STRANGERS) {
  test.each(BODIES)(`with ${who}, a body %s is refused before it comes`, async (_how, lines) => {
    const world = await completing();
    const { socket, heard } = await rawConnection(world.url);
    const named = callers.map((arn) => `${CALLER_HEADER}: ${arn}`);
    const head = ['POST /v1/chat/completions HTTP/1.1', 'Host: h', ...named, ...lines];

    socket.write(`${head.join('\r\n')}\r\n\r\n`);

    await eventually(() => heard().includes('"code":"unknown_caller"'));
    expect(heard()).toMatch(/^HTTP\/1.1 403 /);
  });
}

test('a caller that sends two identities is refused unread', async () => {
  const world = await completing();
  for (const [first, second] of [
    [DEVELOPER, session('stranger')],
    [session('stranger'), DEVELOPER],
    [DEVELOPER, DEVELOPER],
  ]) {
    const { socket, heard, isClosed } = await rawConnection(world.url);
    const head = ['POST /v1/chat/completions HTTP/1.1', 'Host: h', 'Content-Length: 1000'];
    const callers = [`${CALLER_HEADER}: ${first}`, `${CALLER_HEADER.toUpperCase()}: ${second}`];
    socket.write(`${[...head, ...callers].join('\r\n')}\r\n\r\n`);
    await eventually(isClosed);
    expect(heard()).toMatch(/^HTTP\/1.1 400 /);
    expect(heard()).toContain('given twice');
  }
});

test('what a stranger sends is not kept', async () => {
  const gateway = await startChild('node-shell', 'http://127.0.0.1:9');
  onTestFinished(() => gateway.stop());
  const before = await gateway.ask<number>('memory');
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n';
  const most = Buffer.alloc(3_900_000, ' ');

  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { socket } = await rawConnection(gateway.url);
      socket.write(head);
      await new Promise((resolve) => socket.write(most, resolve));
    }),
  );

  expect((await gateway.ask<number>('memory')) - before).toBeLessThan(40_000_000); // of 78
});

test('strangers take no memory, and no place of a known caller', async () => {
  const world = await completing();
  const answers = [];
  for (let at = 0; at < 50; at += 1)
    answers.push(await world.ask(CHAT, { caller: session(`s${at}`) }));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
  expect((await world.ask(CHAT)).status).toBe(200);
});
