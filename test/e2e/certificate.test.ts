import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '../../e2e/certificate.js';

test('only a client that trusts the certificate can call a server of this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { path, keyPath, pem } = await createCertificate(folder);
  const server = createServer({ cert: readFileSync(path), key: readFileSync(keyPath) }, (_, out) =>
    out.end('here'),
  );
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const dispatcher = new Agent({ connect: { ca: pem } });
  onTestFinished(async () => {
    await dispatcher.destroy();
    server.close();
  });

  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await (await fetch(url, { dispatcher })).text()).toBe('here');
  await expect(fetch(url)).rejects.toThrow();
});
