import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { listedRows } from '../organization.js';

// Lists keys at /api-keys. Every row is rendered once, so that a page costs only its transfer.
const [, , policyFolder = '', count = ''] = process.argv;
const starts: number[] = [];
const rendered: Buffer[] = [];
let length = 0;
for (const row of listedRows(readPolicyFile(policyFolder), Number(count))) {
  const text = Buffer.from(`${JSON.stringify(row)},`);
  starts.push(length);
  rendered.push(text);
  length += text.byteLength;
}
const rows = Buffer.concat(rendered);
rendered.length = 0;

const HEAD = Buffer.from('{"keys":[');
const TAIL = Buffer.from(']}');

function page(offset: number, limit: number): Buffer {
  const from = starts[offset] ?? rows.byteLength;
  const to = starts[offset + limit] ?? rows.byteLength;
  return Buffer.concat([HEAD, rows.subarray(from, Math.max(from, to - 1)), TAIL]);
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const body = page(Number(searchParams.get('offset')), Number(searchParams.get('limit')));
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': body.byteLength,
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.stdin.on('end', () => process.exit()).resume();
