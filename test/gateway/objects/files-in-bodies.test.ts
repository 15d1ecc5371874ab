import { expect, test } from 'vitest';
import { Ownership } from '../../../governance/objects/ownership.js';
import { createFakeObjectStore } from '../../../testing/fakes/object-records.js';
import { DEV_ID } from '../../support/audit-builders.js';
import { aPolicy } from '../../support/builders.js';
import { ALICE, BOB, type Faults, fileWorld } from '../../support/file-world.js';
import { fakeQuotas } from '../../support/gateway-fakes.js';
import { answerJson, gatewayWorld } from '../../support/gateway-world.js';

const OWN = '00000000-0000-4000-8000-000000000001';
const NOBODYS = '00000000-0000-4000-8000-999999999999';

async function world(faults?: Faults) {
  const opened = fileWorld(faults);
  await opened.records.write({
    ...{ workspaceId: DEV_ID, kind: 'file', id: OWN, role: 'developer', isShared: false },
    ...{ owner: ALICE.replace(/\/alice$/, ''), createdAtMs: 1, card: {} },
  });
  return opened;
}

const chat = (...files: readonly string[]) => ({
  model: 'mistral-small-latest',
  messages: [
    { role: 'user', content: files.map((file_id) => ({ type: 'file', file_id })) },
    { role: 'user', content: 'What is in it?' },
  ],
});
const ocr = (file_id: string) => ({
  model: 'mistral-ocr-latest',
  document: { type: 'file', file_id },
});
const untagged = (file_id: string) => ({ model: 'mistral-ocr-latest', document: { file_id } });

const BODIES = [
  ['/v1/chat/completions', chat, 'messages[0].content[0].file_id'],
  ['/v1/ocr', ocr, 'document.file_id'],
  ['/v1/ocr', untagged, 'document.file_id'],
] as const;

type World = Awaited<ReturnType<typeof world>>;
const post = (to: World, caller: string, path: string, body: unknown) =>
  to.ask(caller, 'POST', path, Buffer.from(JSON.stringify(body)));

test.each(BODIES)('%s is sent with a file of the caller (%#)', async (path, bodyOf) => {
  const opened = await world();
  await post(opened, ALICE, path, bodyOf(OWN));
  expect(opened.sent).toEqual([`POST ${path}`]);
});

test.each(BODIES)(
  "%s with another caller's file is refused like one with a file that does not exist (%#)",
  async (path, bodyOf, param) => {
    const opened = await world();
    const foreign = await post(opened, BOB, path, bodyOf(OWN));
    const none = await post(opened, BOB, path, bodyOf(NOBODYS));
    const wrong = await post(opened, BOB, path, bodyOf('../../models'));
    expect(foreign).toEqual(none);
    expect(wrong).toEqual(none);
    expect(foreign.status).toBe(404);
    expect(JSON.parse(foreign.text)).toMatchObject({ code: 'object_not_found', param });
    expect(opened.sent).toEqual([]);
    expect(opened.quotas.ends).toEqual({ settled: 0, released: 0 });
  },
);

test('one file of another caller among its own refuses the whole request', async () => {
  const opened = await world();
  const answer = await post(opened, ALICE, '/v1/chat/completions', chat(OWN, OWN, NOBODYS));
  expect(JSON.parse(answer.text).param).toBe('messages[0].content[2].file_id');
  expect(opened.sent).toEqual([]);
});

test('more files than a prompt has room for are refused before their owners are read', async () => {
  const reads: string[] = [];
  const opened = await world((call) => void reads.push(call));
  const files = Array.from({ length: 65 }, (_, at) => `f${at}`);
  const answer = await post(opened, ALICE, '/v1/chat/completions', chat(...files));
  expect([answer.status, reads]).toEqual([422, []]);
  expect(JSON.parse(answer.text).message).toMatch(/names 65 files: at most 64/);
});

test('nothing is sent while it cannot be read whose the file is', async () => {
  const opened = await world((call) => (call === 'table read' ? 'timeout' : undefined));
  const answer = await post(opened, ALICE, '/v1/ocr', ocr(OWN));
  expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'objects_unavailable']);
  expect(answer.headers).toContain('retry-after');
  expect(opened.sent).toEqual([]);
});

test('a gateway without the table says what to set', async () => {
  const gateway = await gatewayWorld(
    (response) => answerJson(response, 200, {}),
    (document) => {
      document.roles.developer.models = '*';
      document.workspaces[0].models = '*';
    },
  );
  for (const [method, path, body] of [
    ['POST', '/v1/ocr', ocr(OWN)],
    ['GET', '/v1/files', undefined],
    ['DELETE', `/v1/files/${OWN}`, undefined],
  ] as const) {
    const answer = await gateway.ask(body, { method, path });
    expect(answer.status).toBe(403);
    expect(JSON.stringify(await answer.json())).toMatch(/set OBJECTS_TABLE_NAME to the output/);
  }
  expect(gateway.received).toEqual([]);
});

test('a request with a file never moves to another workspace, which does not have the file', async () => {
  const store = createFakeObjectStore();
  const policy = aPolicy();
  const running = { now: () => new Date(), sleep: async () => {}, random: () => 1 };
  await store.write({
    ...{ workspaceId: DEV_ID, kind: 'file', id: OWN, role: 'developer', isShared: false },
    owner: 'arn:aws:sts::111122223333:assumed-role/developer',
    ...{ createdAtMs: 1, card: {} },
  });
  const quotas = fakeQuotas();
  const gateway = await gatewayWorld(
    (response) => answerJson(response, 429, { message: 'Rate limit exceeded' }),
    (document) => {
      document.workspaces[0].overflowTo = ['ml-workspace'];
    },
    { objects: new Ownership({ ...running, store, policy }), quotas },
  );
  const withFile = await gateway.ask(chat(OWN));
  expect([withFile.status, gateway.received.length]).toEqual([429, 4]);
  const keys = new Set(gateway.received.map(({ headers }) => headers.authorization));
  expect([...keys].filter((key) => key?.includes('ml-workspace'))).toEqual([]);
});

test("a transcription is of the caller's own file, and of no other", async () => {
  const opened = await world();
  const path = '/v1/audio/transcriptions';
  const ask = (caller: string, id: string) => {
    const part = (name: string, value: string) =>
      `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const form = `${part('model', 'voxtral-mini-latest')}${part('file_id', id)}--b--\r\n`;
    return opened.ask(caller, 'POST', path, Buffer.from(form), 'multipart/form-data; boundary=b');
  };
  const foreign = await ask(BOB, OWN);
  expect(foreign).toEqual(await ask(BOB, NOBODYS));
  expect([foreign.status, JSON.parse(foreign.text)]).toMatchObject([
    404,
    { code: 'object_not_found', param: 'file_id' },
  ]);
  expect([opened.sent, opened.quotas.ends]).toEqual([[], { settled: 0, released: 0 }]);

  await ask(ALICE, OWN);
  expect(opened.sent).toEqual([`POST ${path}`]);
});
