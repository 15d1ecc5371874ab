import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { appendManifest } from '../../governance/audit/chain/append-manifest.js';
import { fileEntry } from '../../governance/audit/chain/manifest.js';
import {
  createEvidenceClient,
  createEvidenceStore,
} from '../../governance/audit/evidence-store.aws.js';
import { localAws, PATIENT_CLIENT } from '../../testing/aws.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { createObjectStore, isForS3 } from '../../testing/fakes/object-store.js';
import { openCliWorld } from './cli-world.js';
import { documentOf, NOW, runCli } from './run-cli.js';

const BUCKET = 'evidence-bucket';
const OUTPUTS = {
  RetirementStateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Retirement',
  EvidenceBucketName: BUCKET,
};
const DAYS = ['2026-11-22', '2026-11-23', '2026-11-24'];
const COUNT = 9;
const LISTED_AT_ONCE = 2;

/** Three nights, the last one with more files than are listed at once, stored by the audit's own client. */
async function threeNights() {
  const objects = createObjectStore(() => NOW, LISTED_AT_ONCE);
  const server = await serveHttp(objects.answer);
  const client = createEvidenceClient({ ...PATIENT_CLIENT, ...localAws(server.url) }, server.url);
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const store = createEvidenceStore(client, BUCKET);
  for (const day of DAYS) {
    const folder = `evidence/2026/11/${day}/040000-0a1b2c3d/`;
    const files = Array.from({ length: day === DAYS.at(-1) ? COUNT : 2 }, (_, i) => ({
      path: `${folder}${String(i).padStart(4, '0')}.csv`,
      contentType: 'text/csv',
      body: `clé ${i}`,
    }));
    for (const file of files) expect(await store.put(file)).toBe(true);
    await appendManifest(store, {
      auditedOn: day,
      auditedAt: `${day}T04:00:00.000Z`,
      folder,
      files: await Promise.all(files.map(fileEntry)),
      schedule: 'cron(0 4 * * ? *)',
      timezone: 'UTC',
      retentionDays: 30,
    });
  }
  return objects;
}

test('evidence in the stack’s bucket is verified, and what is wrong is an exit code of its own', async () => {
  const objects = await threeNights();
  const world = await openCliWorld({ outputs: OUTPUTS, s3: objects });
  const whole = await world.run(['audit', 'verify']);
  expect(whole).toMatchObject({ status: 0, stderr: '' });
  expect(whole.stdout).toMatch(
    /^✓ complete and unchanged: 3 manifests of s3:\/\/evidence-bucket, and 13 files of 2026-11-22 to 2026-11-24\nLast manifest: number 3 of 2026-11-24 04:00 UTC, SHA-256 [0-9a-f]{64}\n$/,
  );
  objects.change(`${BUCKET}/evidence/2026/11/${DAYS[1]}/040000-0a1b2c3d/0001.csv`, 'clé x');
  expect(await world.run(['audit', 'verify', '--to', '2026-11-22'])).toMatchObject({ status: 0 });
  const changed = await world.run(['audit', 'verify', '--from', '2026-11-23', '--json']);
  expect({ status: changed.status, ...documentOf(changed) }).toMatchObject({
    status: 1,
    evidence: 's3://evidence-bucket',
    from: '2026-11-23',
    to: '2026-11-24',
    manifests: 3,
    files: COUNT + 1,
    head: { number: 3, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    problems: [{ fault: 'changed', subject: expect.stringContaining('2026-11-23') }],
    notes: [],
  });
  const text = await world.run(['audit', 'verify', '--bucket', BUCKET]);
  expect(text.status).toBe(1);
  expect(text.stdout).toMatch(
    /^fault +what\nchanged +evidence\/.*0001\.csv was changed: its SHA-256/,
  );
  expect(text.stdout).toContain('✗ 1 problem; unchanged are 12 files');
});

test('a copy of the bucket is verified without AWS', async () => {
  const { objects } = await threeNights();
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, { body }] of objects) {
    const path = join(folder, name.slice(BUCKET.length + 1));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
  const whole = await runCli(['audit', 'verify', '--folder', folder, '--json']);
  const { head } = documentOf(whole);
  expect(whole.status).toBe(0);
  expect(
    (await runCli(['audit', 'verify', '--folder', folder, '--noted', head.sha256])).status,
  ).toBe(0);
  const other = await runCli(['audit', 'verify', '--folder', folder, '--noted', 'f'.repeat(64)]);
  expect(other.status).toBe(1);
  expect(other.stdout).toContain('is the SHA-256 of no manifest of this chain');
});

test.each([
  [['--from', '2026-11-31'], 2, 'It must be a date such as 2026-11-30'],
  [['--from', '2026-11-24', '--to', '2026-11-23', '--folder', '.'], 2, 'is after --to 2026-11-23'],
  [['--noted', 'abc'], 2, 'It must be a SHA-256: 64 hexadecimal digits'],
  [['--folder', '/does/not/exist'], 2, 'the evidence in /does/not/exist could not be read: ENOENT'],
  [['--folder', '.', '--bucket', 'x'], 2, "option '--bucket <name>' cannot be used with option"],
])('%j is refused', async (args, status, words) => {
  const run = await runCli(['audit', 'verify', ...args]);
  expect({ status: run.status, stderr: run.stderr }).toEqual({
    status,
    stderr: expect.stringContaining(words),
  });
});

test('an empty folder is no proof', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = await runCli(['audit', 'verify', '--folder', folder]);
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('evidence/manifests/ has no manifest of any audit');
});

test('a bucket that cannot be read is not the same as a wrong one', async () => {
  const world = await openCliWorld({ outputs: OUTPUTS, s3: createObjectStore(() => NOW) });
  const denied = await openCliWorld({
    outputs: OUTPUTS,
    intercept: (call) =>
      isForS3(call)
        ? {
            status: 403,
            headers: { 'content-type': 'application/xml' },
            body: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
          }
        : undefined,
  });
  expect((await world.run(['audit', 'verify'])).status).toBe(1);
  const run = await denied.run(['audit', 'verify']);
  expect(run).toMatchObject({ status: 3, stderr: expect.stringContaining('AccessDenied') });
});
