import { describe, expect, test } from 'vitest';
import { DEV_ID } from '../../support/audit-builders.js';
import { ALICE, BOB, CAROL, type Faults, fileForm, fileWorld } from '../../support/file-world.js';

type World = ReturnType<typeof fileWorld>;

const PDF = { name: 'a.pdf', content: 'content of a.pdf' };

function upload(
  world: World,
  caller = ALICE,
  fields: Record<string, string> = { purpose: 'ocr' },
  file: Parameters<typeof fileForm>[1] = PDF,
) {
  const { body, type } = fileForm(fields, file);
  return world.ask(caller, 'POST', '/v1/files', body, type);
}

test('a file belongs to the caller that uploaded it, as Mistral described it', async () => {
  const world = fileWorld();
  const answer = await upload(world, ALICE, { purpose: 'ocr', expiry: '2' });
  expect(answer.status).toBe(200);
  const said = JSON.parse(answer.text);
  expect(said).toMatchObject({ object: 'file', filename: 'a.pdf', purpose: 'ocr' });
  const [record] = [...world.records.records.values()];
  expect(record).toEqual({
    ...{ workspaceId: DEV_ID, kind: 'file', id: said.id, role: 'developer', isShared: false },
    ...{ owner: 'arn:aws:sts::111122223333:assumed-role/alice', card: said },
    createdAtMs: Date.parse('2026-06-30T12:00:00Z'),
    expiresAtMs: Date.parse('2026-06-30T14:00:00Z'),
  });
  expect([...world.mistral.files.values()]).toMatchObject([
    { content: 'content of a.pdf', mimetype: 'application/pdf' },
  ]);
  const path = `/v1/files/${said.id}`;
  expect((await world.ask(ALICE, 'GET', path)).status).toBe(200);
  expect((await world.ask(BOB, 'GET', path)).status).toBe(404);
});

test('what callers of a sharing role upload is shared', async () => {
  const world = fileWorld();
  await upload(world, CAROL);
  expect([...world.records.records.values()]).toMatchObject([{ isShared: true, role: 'team' }]);
});

test.each<[string, Record<string, string>, Parameters<typeof fileForm>[1], RegExp]>([
  ['of a fine-tuning job', { purpose: 'fine-tune' }, PDF, /ocr, audio or batch: fine-tuning is/],
  ['without a purpose', {}, PDF, /purpose is missing/],
  ['without a file', { purpose: 'ocr' }, undefined, /file is missing/],
  ["for the key's user", { purpose: 'ocr', visibility: 'user' }, PDF, /keeps its callers apart/],
  ['with an expiry of no time', { purpose: 'ocr', expiry: '0' }, PDF, /a number of hours/],
  ['with a field of its own', { purpose: 'ocr', owner: 'bob' }, PDF, /"?owner"? is not a field/],
  ['with a path for a name', { purpose: 'ocr' }, { ...PDF, name: '../../etc/passwd' }, /name/],
])('a file %s is refused, and nothing is sent', async (_what, fields, file, message) => {
  const world = fileWorld();
  const { body, type } = fileForm(fields, file);
  const answer = await world.ask(ALICE, 'POST', '/v1/files', body, type);
  expect([400, 422]).toContain(answer.status);
  expect(JSON.parse(answer.text).message).toMatch(message);
  expect([world.sent, world.records.records.size]).toEqual([[], 0]);
});

describe('an owner that cannot be recorded', () => {
  const failing = (calls: Readonly<Record<string, ReturnType<Faults>>>): Faults => {
    return (call) => calls[call];
  };

  test.each(['refused', 'lost'] as const)('has the file deleted again (%s)', async (fault) => {
    const world = fileWorld(failing({ 'table write': fault }));
    const answer = await upload(world);
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'objects_unavailable']);
    expect(JSON.parse(answer.text).message).toMatch(/so it was deleted again$/);
    expect([world.mistral.files.size, world.records.records.size]).toEqual([0, 0]);
  });

  test('leaves a file that cannot be deleted to no caller, and says so in the log', async () => {
    const world = fileWorld(failing({ 'table write': 'refused', 'mistral DELETE': 'refused' }));
    const answer = await upload(world);
    expect([answer.status, JSON.parse(answer.text).message]).toEqual([
      503,
      expect.stringMatching(/the nightly audit lists it$/),
    ]);
    const [id] = [...world.mistral.files.keys()];
    for (const caller of [ALICE, BOB, CAROL]) {
      expect((await world.ask(caller, 'GET', `/v1/files/${id}`)).status).toBe(404);
    }
    expect(world.logged).toContain('owner not recorded');
  });

  test('is recorded by a later attempt', async () => {
    let writes = 0;
    const world = fileWorld((call) =>
      call === 'table write' && ++writes < 3 ? 'refused' : undefined,
    );
    expect((await upload(world)).status).toBe(200);
    expect(world.records.records.size).toBe(1);
  });
});

test('an id that another caller owns is not given to a second one, and its file stays', async () => {
  const world = fileWorld();
  const { id } = JSON.parse((await upload(world)).text);
  world.answerWith = JSON.stringify({ id, object: 'file' });
  expect((await upload(world, BOB)).status).toBe(502);
  expect([...world.records.records.values()]).toMatchObject([{ id, role: 'developer' }]);
  expect(world.sent.filter((call) => call.startsWith('DELETE'))).toEqual([]);
  expect((await world.ask(BOB, 'GET', `/v1/files/${id}`)).status).toBe(404);
});

test.each(['{"object":"file"}', '{"id":"../x"}', '[]', 'null', 'not JSON', '{"id":7}'])(
  'an answer without a usable id (%s) is a failure, and no record',
  async (text) => {
    const world = fileWorld();
    world.answerWith = text;
    expect((await upload(world)).status).toBe(502);
    expect(world.records.records.size).toBe(0);
  },
);

test('a key in the description of a file is not stored', async () => {
  const world = fileWorld();
  world.answerWith = `{"id":"abc","object":"file","filename":"x Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J-dev-workspace"}`;
  await upload(world);
  expect(JSON.stringify([...world.records.records.values()])).not.toContain('Zq7PlainKey');
});
