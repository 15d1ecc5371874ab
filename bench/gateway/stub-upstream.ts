import { createServer } from 'node:net';
import { HttpMessages } from './http-messages.js';
import { tellParent } from './parent.js';

const USAGE = { prompt_tokens: 11, completion_tokens: 120, total_tokens: 131 };
const COMPLETION = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'mistral-small-latest',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'word '.repeat(120) },
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
});
const HEADERS = [
  'Date: Tue, 24 Nov 2026 12:00:00 GMT',
  'Connection: keep-alive',
  'mistral-correlation-id: 0196f1c2-0f4a-7c1e-9d43-0d1c6f1b7a01',
  'x-kong-request-id: 8a4d7c1e3b584f6a8f0e5d2b1c7e4a10',
  'x-ratelimit-limit-req-minute: 600000',
  'x-ratelimit-remaining-req-minute: 599999',
  'x-ratelimit-limit-tokens-minute: 2000000',
  'x-ratelimit-remaining-tokens-minute: 1999869',
  'x-ratelimit-tokens-query-cost: 131',
].join('\r\n');

function event(content: string, more: object = {}): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  const chunk = { id: 's1', object: 'chat.completion.chunk', created: 1_790_000_000, choices };
  const data = `data: ${JSON.stringify({ ...chunk, model: 'mistral-small-latest', ...more })}\n\n`;
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\n${HEADERS}\r\nContent-Type: application/json\r\nContent-Length: ${COMPLETION.length}\r\n\r\n${COMPLETION}`,
);
const STREAM_START = Buffer.from(
  `HTTP/1.1 200 OK\r\n${HEADERS}\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${event('')}`,
);
const STREAM_REST = Buffer.from(
  `${Array.from({ length: 20 }, () => event('word ')).join('')}${event('', { usage: USAGE })}e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n`,
);
const STREAM_ASKED = '"stream":true';

/** Mistral at the lowest cost: answers immediately, without parsing anything. */
const server = createServer((socket) => {
  const messages = new HttpMessages();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const complete = messages.take(chunk);
    const streams = complete > 0 && chunk.includes(STREAM_ASKED);
    for (let i = 0; i < complete; i += 1) {
      if (!streams) socket.write(ANSWER);
      else {
        socket.write(STREAM_START);
        setImmediate(() => socket.write(STREAM_REST));
      }
    }
  });
});
server.listen(0, '127.0.0.1', () => tellParent(server));
