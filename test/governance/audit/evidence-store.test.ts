import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import {
  createEvidenceClient,
  createEvidenceStore,
  type EvidenceStore,
} from '../../../governance/audit/evidence-store.aws.js';
import type { EvidenceFile } from '../../../governance/audit/report/evidence-files.js';
import { AWS_CLIENT } from '../../../governance/platform/aws-client.js';
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

type AwsConfig = Parameters<typeof createEvidenceClient>[0];

function storeAt(endpoint: string, aws: Partial<AwsConfig> = {}): EvidenceStore {
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'secret',
    sessionToken: 'session',
  };
  const config = { ...AWS_CLIENT, region: 'eu-west-1', credentials, ...aws };
  const client = createEvidenceClient(config, endpoint);
  onTestFinished(() => client.destroy());
  return createEvidenceStore(client, 'bucket');
}

/** Answers with these, one after the other, and takes the object after that. */
function answering(...answers: [status: number, code: string][]): Promise<Loopback> {
  return loopback((response, _, count) => {
    const [status, code] = answers[count - 1] ?? [200, ''];
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(code && `<Error><Code>${code}</Code><Message>of words</Message></Error>`);
  });
}

test('a file is put with its type, and its content is signed', async () => {
  const s3 = await answering();
  await storeAt(s3.url).put(FILE);
  expect(s3.requests).toHaveLength(1);
  const [request] = s3.requests;
  expect(request).toMatchObject({
    method: 'PUT',
    path: `/bucket/${PATH}`,
    body: FILE.body,
    headers: {
      'content-type': FILE.contentType,
      'x-amz-security-token': 'session',
      'x-amz-content-sha256': createHash('sha256').update(FILE.body).digest('hex'),
      'x-amz-checksum-sha256': createHash('sha256').update(FILE.body).digest('base64'),
    },
  });
  expect(request?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request, /,
  );
});

test.each([
  [500, 'InternalError'],
  [503, 'SlowDown'],
  [400, 'RequestTimeout'],
])('a temporary failure is tried again: %i %s', async (status, code) => {
  const s3 = await answering([status, code]);
  await storeAt(s3.url).put(FILE);
  expect(s3.requests).toHaveLength(2);
});

test('a lasting failure ends after four attempts', async () => {
  const s3 = await answering(...Array<[number, string]>(9).fill([500, 'InternalError']));
  await expect(storeAt(s3.url).put(FILE)).rejects.toThrow(
    `S3 did not store ${PATH}: 500 InternalError`,
  );
  expect(s3.requests).toHaveLength(4);
});

test('a denial is final, and reported by its code alone', async () => {
  const s3 = await answering([403, 'AccessDenied']);
  const denied = await storeAt(s3.url)
    .put(FILE)
    .catch((error: unknown) => error);
  expect(denied).toEqual(new Error(`S3 did not store ${PATH}: 403 AccessDenied`));
  expect(denied).not.toHaveProperty('cause');
  expect(s3.requests).toHaveLength(1);
});

test('a missing answer is not waited for', async () => {
  const s3 = await loopback(() => {});
  const requestHandler = { ...AWS_CLIENT.requestHandler, requestTimeout: 100 };
  const store = storeAt(s3.url, { requestHandler, maxAttempts: 2 });
  await expect(store.put(FILE)).rejects.toThrow(`S3 did not store ${PATH}: `);
  expect(s3.requests).toHaveLength(2);
});

test('an address without a server is reported as such', async () => {
  await expect(storeAt('http://127.0.0.1:1', { maxAttempts: 1 }).put(FILE)).rejects.toThrow(
    /S3 did not store .*: .*ECONNREFUSED/,
  );
});

test('a stored file has an address that the AWS CLI takes', () => {
  expect(storeAt('http://s3').uriOf(PATH)).toBe(`s3://bucket/${PATH}`);
});

test('a put whose answer was lost is found stored by the next attempt', async () => {
  const s3 = await answering([500, 'InternalError'], [412, 'PreconditionFailed']);
  await storeAt(s3.url).put(FILE);
  expect(s3.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*']);
});

test('one that is still on its way is tried again', async () => {
  const s3 = await answering([409, 'ConditionalRequestConflict']);
  await storeAt(s3.url).put(FILE);
  expect(s3.requests).toHaveLength(2);
});

test('the stand-in of the local run replaces nothing, and rejects what is unsigned or unconditional', async () => {
  const objects = createObjectStore(() => NOW);
  const server = await serveHttp(objects.answer);
  onTestFinished(() => server.close());
  const store = storeAt(server.url);
  await store.put(FILE);
  await store.put({ ...FILE, body: 'again' });
  expect(objects.objects.get(`bucket/${PATH}`)?.body).toBe(FILE.body);
  for (const headers of [{}, { 'if-none-match': '*' }] as Record<string, string>[]) {
    const answer = await fetch(`${server.url}/bucket/x`, { method: 'PUT', body: 'x', headers });
    expect([answer.status, objects.objects.size]).toEqual([403, 1]);
  }
});
