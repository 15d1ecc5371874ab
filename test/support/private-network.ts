import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

/** Names that only the proxy knows. */
export const AWS_HOST = 'aws.private.test';
export const MISTRAL_HOST = 'mistral.private.test';

/** A network that is left through a proxy alone, with a CA of its own, for the length of one test. */
export async function privateNetwork(target: string) {
  const folder = mkdtempSync(join(tmpdir(), 'private-network-'));
  const { ca, leaf } = await certificates();
  const caPath = join(folder, 'ca.pem');
  writeFileSync(caPath, ca.cert);

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url = '', headers } = incoming;
    const path = url.replace(/^http:\/\/[^/]+/, ''); // as a proxy gets it
    const forwarded = request(`${target}${path}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  };
  const secure = createTlsServer({ cert: leaf.cert, key: leaf.private }, forward);
  const securePort = await listening(secure);

  /** What went through the proxy, each with the credentials it came with. */
  const seen: { readonly what: string; readonly credentials: string | undefined }[] = [];
  const see = (what: string, { headers }: IncomingMessage) =>
    seen.push({ what, credentials: headers['proxy-authorization'] });
  const hooks = { refuses: false };
  const proxy = createServer((incoming, outgoing) => {
    see(`${incoming.method} ${new URL(incoming.url ?? '').host}`, incoming);
    forward(incoming, outgoing);
  });
  proxy.on('connect', (incoming, socket) => {
    see(`CONNECT ${incoming.url}`, incoming);
    if (hooks.refuses) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const out = connect(securePort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(out).pipe(socket);
    });
    for (const end of [out, socket]) end.on('error', () => {}).on('close', () => socket.destroy());
  });
  const proxyPort = await listening(proxy);

  return {
    caPath,
    folder,
    seen,
    hooks,
    /** Without `http://`, which the variables need not have. */
    proxy: `127.0.0.1:${proxyPort}`,
    /** Where TLS ends, reached without a proxy. */
    direct: `https://127.0.0.1:${securePort}`,
  };
}

async function certificates() {
  const settings = { keyType: 'ec', algorithm: 'sha256' } as const;
  const ca = await generate([{ name: 'commonName', value: 'CA of the tests' }], {
    ...settings,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const names = [AWS_HOST, MISTRAL_HOST, 'localhost'].map((value) => ({ type: 2 as const, value }));
  const leaf = await generate([{ name: 'commonName', value: AWS_HOST }], {
    ...settings,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'subjectAltName', altNames: [...names, { type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { ca, leaf };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
