import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Of a server on this machine, for one run. */
export interface Certificate {
  readonly path: string;
  readonly keyPath: string;
  readonly pem: string;
}

export async function createCertificate(folder: string): Promise<Certificate> {
  const { cert: pem, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const path = join(folder, 'server.crt');
  const keyPath = join(folder, 'server.key');
  writeFileSync(path, pem);
  writeFileSync(keyPath, key, { mode: 0o600 });
  return { path, keyPath, pem };
}
