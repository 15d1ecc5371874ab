import { createHash } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import {
  createEvidenceStore,
  type EvidenceStoreOptions,
} from '../../../governance/audit/evidence-store.aws.js';
import type { EvidenceFile } from '../../../governance/audit/report/evidence-files.js';
import { serveHttp } from '../../../testing/fakes/http-server.js';
import { createObjectStore } from '../../../testing/fakes/object-store.js';
import { type Loopback, loopback } from '../../support/loopback.js';

const NOW = new Date('2026-06-30T02:00:00Z');
const PATH = 'evidence/2026/06/2026-06-30/inventory.csv';
const FILE: EvidenceFile = {
  path: PATH,
  contentType: 'text/csv; charset=utf-8',
  body: 'key\r\nclé\r\n',
};

const aws = new SecretsManagerClient({
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
});

function storeAt(endpoint: string, more: Partial<EvidenceStoreOptions> = {}) {
  const waits: number[] = [];
  const store = createEvidenceStore({
    bucketName: 'bucket',
    aws,
    endpoint,
    now: () => NOW,
    random: () => 1,
    sleep: async (milliseconds) => waits.push(milliseconds),
    ...more,
  });
  return { store, waits };
}

/** Answers with these, one after the other, and takes the object after that. */
function answering(...answers: [status: number, code: string][]): Promise<Loopback> {
  return loopback((response, _, count) => {
    const [status, code] = answers[count - 1] ?? [200, ''];
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(code && `<Error><Code>${code}</Code><Message>of words</Message></Error>`);
  });
}

test('a file is put with its type, signed with what it holds', async () => {
  const s3 = await answering();
  await storeAt(s3.url).store.keep([FILE]);
  expect(s3.requests).toHaveLength(1);
  const [request] = s3.requests;
  expect(request).toMatchObject({
    method: 'PUT',
    path: `/bucket/${PATH}`,
    body: FILE.body,
    headers: {
      'content-type': FILE.contentType,
      'x-amz-date': '20260630T020000Z',
      'x-amz-security-token': 'session',
      'x-amz-content-sha256': createHash('sha256').update(FILE.body).digest('hex'),
    },
  });
  expect(request?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260630\/eu-west-1\/s3\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  );
});

test('the page comes last, so that where it is, the rest is too', async () => {
  const s3 = await answering();
  const files = ['a', 'b', 'report.html'].map((path) => ({ ...FILE, path }));
  await storeAt(s3.url).store.keep(files);
  expect(s3.requests.map(({ path }) => path)).toEqual([
    '/bucket/a',
    '/bucket/b',
    '/bucket/report.html',
  ]);
});

test.each([
  [500, 'InternalError'],
  [503, 'SlowDown'],
  [429, 'TooManyRequests'],
  [400, 'RequestTimeout'],
])('what passes is tried again: %i %s', async (status, code) => {
  const s3 = await answering([status, code], [status, code]);
  const { store, waits } = storeAt(s3.url);
  await store.keep([FILE]);
  expect(s3.requests).toHaveLength(3);
  expect(waits).toEqual([200, 400]);
});

test('what does not pass is given up after four attempts', async () => {
  const s3 = await loopback((response) => response.writeHead(503).end());
  await expect(storeAt(s3.url).store.keep([FILE])).rejects.toThrow(
    `S3 did not take ${PATH}: 503 without a code`,
  );
  expect(s3.requests).toHaveLength(4);
});

test('a refusal is final, and told by its code alone', async () => {
  const s3 = await answering([403, 'AccessDenied']);
  await expect(storeAt(s3.url).store.keep([FILE, FILE])).rejects.toThrow(
    new Error(`S3 did not take ${PATH}: 403 AccessDenied`),
  );
  expect(s3.requests).toHaveLength(1);
});

test('an answer that stays away is not waited for', async () => {
  const s3 = await loopback(() => {});
  const { store, waits } = storeAt(s3.url, { timeoutMs: 20, maxAttempts: 2 });
  await expect(store.keep([FILE])).rejects.toThrow(`S3 did not take ${PATH}: The operation was`);
  expect(waits).toEqual([200]);
});

test('nobody there is told as such', async () => {
  const { store } = storeAt('http://127.0.0.1:1', { maxAttempts: 1 });
  await expect(store.keep([FILE])).rejects.toThrow(`S3 did not take ${PATH}: fetch failed`);
});

test('evidence is told as the AWS CLI takes it', () => {
  expect(storeAt('http://s3').store.uriOf(PATH)).toBe(`s3://bucket/${PATH}`);
});

test('the stand-in of the local run keeps every version, and takes nothing that is not signed', async () => {
  const objects = createObjectStore(() => NOW);
  const server = await serveHttp(objects.answer);
  onTestFinished(() => server.close());
  const { store } = storeAt(server.url);
  await store.keep([FILE]);
  await store.keep([{ ...FILE, body: 'again' }]);
  expect(objects.objects.get(`bucket/${PATH}`)?.map(({ body }) => body)).toEqual([
    FILE.body,
    'again',
  ]);
  const unsigned = await fetch(`${server.url}/bucket/x`, { method: 'PUT', body: 'x' });
  expect([unsigned.status, objects.objects.size]).toEqual([403, 1]);
});
