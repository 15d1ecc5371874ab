import { connect, type Socket } from 'node:net';
import { median } from '../figure.js';
import { CALLER, CALLER_HEADER } from './bench-policy.js';
import { HttpMessages } from './http-messages.js';

export interface Load {
  readonly connections: number;
  readonly requests: number;
  readonly streams: boolean;
  /** Of the request. @default 850 bytes */
  readonly body?: '16 KB';
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly medianMicroseconds: number;
  /** Until the first byte of the body. */
  readonly firstByteMicroseconds: number;
}

/** Sends the same request repeatedly: on each connection the next one after the last answer. */
export async function applyLoad(url: string, load: Load): Promise<Measured> {
  const { port } = new URL(url);
  const request = requestOf(load);
  const latencies = new Float64Array(load.requests);
  const firstBytes = new Float64Array(load.requests);
  let sent = 0;
  let done = 0;

  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => connected(Number(port))),
  );
  const startedAt = process.hrtime.bigint();
  await new Promise<void>((resolve, reject) => {
    for (const socket of sockets) {
      const messages = new HttpMessages();
      let sentAt = 0n;
      let waits = false;
      const next = () => {
        if (sent === load.requests) return;
        sent += 1;
        sentAt = process.hrtime.bigint();
        waits = true;
        socket.write(request);
      };
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${url} closed the connection`)));
      socket.on('data', (chunk) => {
        const complete = messages.take(chunk);
        if (waits && (complete > 0 || messages.bodyBytes > 0)) {
          waits = false;
          firstBytes[done] = Number(process.hrtime.bigint() - sentAt) / 1000;
        }
        if (complete === 0) return;
        if (!chunk.includes('200 OK') && !load.streams) reject(new Error(chunk.toString()));
        latencies[done] = Number(process.hrtime.bigint() - sentAt) / 1000;
        done += 1;
        if (done === load.requests) resolve();
        else next();
      });
      next();
    }
  });
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  return {
    requestsPerSecond: load.requests / seconds,
    medianMicroseconds: median(latencies),
    firstByteMicroseconds: median(firstBytes),
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function requestOf({ streams, body: size }: Load): Buffer {
  const body = JSON.stringify({
    model: 'mistral-small-latest',
    messages: [
      { role: 'system', content: 'You answer in one sentence.' },
      { role: 'user', content: `Summarize: ${'some text '.repeat(size === '16 KB' ? 1615 : 60)}` },
    ],
    temperature: 0.2,
    ...(streams ? { stream: true } : {}),
    max_tokens: 500,
  });
  const lines = [
    'POST /v1/chat/completions HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: keep-alive',
    'Content-Type: application/json',
    'Accept: application/json',
    'User-Agent: bench',
    'Authorization: Bearer not-a-key',
    `${CALLER_HEADER}: ${CALLER}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
