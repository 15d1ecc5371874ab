import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/**
 * Sends these bytes in pieces and returns all that comes back until the server closes. A caller that ends its
 * side has left: where the server may wait for more, this one does so after a silence.
 */
export async function exchange(
  url: string,
  pieces: readonly Buffer[],
  silenceMs?: number,
): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => {}); // a reset is an end, too
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await new Promise(setImmediate);
  }
  if (silenceMs !== undefined) socket.setTimeout(silenceMs, () => socket.end());
  socket.once('end', () => socket.destroy());
  await closed;
  return Buffer.concat(received);
}

/** The answers that these bytes are. @throws where they are something else */
export function answersIn(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const [head = '', status, headers = ''] =
      /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest) ?? [];
    if (status === undefined) throw new Error(`not an answer: ${rest.slice(0, 80)}`);
    rest = rest.slice(head.length);
    if (status === '100') continue;
    const length = /^content-length: (\d+)/im.exec(headers)?.[1];
    const isChunked = /^transfer-encoding: chunked/im.test(headers);
    let body = rest;
    if (length !== undefined) {
      body = rest.slice(0, Number(length));
      rest = rest.slice(Number(length));
    } else if (isChunked) [body, rest] = unchunked(rest);
    else rest = '';
    const text = Buffer.from(body, 'latin1').toString();
    answers.push({ status: Number(status), headers, body: text });
  }
  return answers;
}

function unchunked(text: string): [body: string, rest: string] {
  let body = '';
  let rest = text;
  for (;;) {
    const [head = '', size] = /^([\da-f]+)\r\n/i.exec(rest) ?? [];
    if (size === undefined) return [body, '']; // it broke off
    const length = Number.parseInt(size, 16);
    body += rest.slice(head.length, head.length + length);
    rest = rest.slice(head.length + length + 2);
    if (length === 0) return [body, rest];
  }
}
