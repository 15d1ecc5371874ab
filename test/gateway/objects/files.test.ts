import { describe, expect, test } from 'vitest';
import type { ObjectRecord } from '../../../governance/objects/objects.js';
import { cardOf } from '../../../testing/fakes/mistral-files.js';
import { DEV_ID } from '../../support/audit-builders.js';
import {
  ALICE,
  type Answer,
  BOB,
  CAROL,
  DAVE,
  EVE,
  type Faults,
  fileWorld,
} from '../../support/file-world.js';

const NOBODYS = '00000000-0000-4000-8000-999999999999';

type World = ReturnType<typeof fileWorld>;

/** A file that is at Mistral, with its owner. */
async function seed(
  world: World,
  owner: string,
  filename: string,
  more: Partial<ObjectRecord> = {},
): Promise<string> {
  world.tick();
  const isOfTeam = owner === CAROL || owner === DAVE;
  const file = world.mistral.add('dev-workspace', { filename, content: `content of ${filename}` });
  await world.records.write({
    ...{ workspaceId: DEV_ID, kind: 'file', id: file.id },
    owner: owner.replace(/\/alice$/, ''),
    role: isOfTeam ? (owner === CAROL ? 'team' : 'other') : 'developer',
    isShared: isOfTeam,
    createdAtMs: file.createdAt * 1000,
    card: cardOf(file),
    ...more,
  });
  return file.id;
}

const OPERATIONS = [
  ['GET', ''],
  ['GET', '/content'],
  ['GET', '/url'],
  ['GET', '/url?expiry=3'],
  ['DELETE', ''],
  ['HEAD', ''],
] as const;

/** All of an answer but for what counts requests. */
function plain({ status, headers, text, isBroken }: Answer) {
  const kept = headers.filter(
    (_, at) => !String(headers[at - (at % 2)]).startsWith('x-governance-remaining-req'),
  );
  return { status, headers: kept, text, isBroken };
}

describe.each(OPERATIONS)('%s /v1/files/{id}%s', (method, rest) => {
  const ask = (world: World, caller: string, id: string) =>
    world.ask(caller, method, `/v1/files/${id}${rest}`);

  test('is served to the owner', async () => {
    const world = fileWorld();
    const id = await seed(world, ALICE, 'a.pdf');
    const { status, text } = await ask(world, ALICE, id);
    expect(status).toBe(200);
    if (rest === '/content') expect(text).toBe('content of a.pdf');
    else if (rest.startsWith('/url')) {
      const hours = rest.includes('3') ? 3 : 24;
      expect(JSON.parse(text)).toEqual({ url: `https://blob.example/${id}?hours=${hours}` });
    } else if (method === 'GET') expect(JSON.parse(text)).toMatchObject({ id, filename: 'a.pdf' });
    expect(world.sent).toEqual([`${method === 'HEAD' ? 'GET' : method} /v1/files/${id}${rest}`]);
  });

  test.each([
    ['of another caller', ALICE, BOB],
    ['of one whose role shares, to one whose role does not', CAROL, BOB],
    ['of one whose role does not share, to one whose role does', ALICE, CAROL],
    ['of another workspace', CAROL, EVE],
  ])(
    'an id %s is answered byte for byte like one that does not exist',
    async (_why, owner, caller) => {
      const world = fileWorld();
      const id = await seed(world, owner, 'a.pdf');
      const foreign = await ask(world, caller, id);
      const none = await ask(world, caller, NOBODYS);
      expect(plain(foreign)).toEqual(plain(none));
      expect(foreign.status).toBe(404);
      if (method !== 'HEAD') expect(JSON.parse(foreign.text).code).toBe('object_not_found');
      expect(world.sent).toEqual([]);
      expect(world.mistral.files.has(id)).toBe(true);
    },
  );

  test('is served to another caller of the workspace where both their roles share', async () => {
    const world = fileWorld();
    const id = await seed(world, CAROL, 'a.pdf');
    expect((await ask(world, DAVE, id)).status).toBe(200);
  });

  test.each([
    '..',
    '%2e%2e',
    '..%2f..%2fmodels',
    'a%2fb',
    '%00',
    'a%0d%0aset-cookie:x',
    'a%20b',
    '%',
    '%zz',
    'é',
    '-',
    'a:b',
    'a;b',
    'a,b',
    'x'.repeat(10_000),
    '{id}',
  ])('an id of another form (%#) is answered alike, and reaches nothing', async (id) => {
    const world = fileWorld();
    const answer = await ask(world, ALICE, id);
    const none = await ask(world, ALICE, NOBODYS);
    const form = ({ headers, ...rest }: Answer) => ({ ...rest, length: headers.length });
    expect(answer.status).toBe(404);
    if (!id.startsWith('..')) expect(form(answer).text).toBe(none.text);
    expect(world.sent).toEqual([]);
  });

  test('an id that expired is not there', async () => {
    const world = fileWorld();
    const id = await seed(world, ALICE, 'a.pdf', {
      expiresAtMs: Date.parse('2026-06-30T12:00:10Z'),
    });
    world.tick(9000);
    expect((await ask(world, ALICE, id)).status).toBe(404);
    expect(world.sent).toEqual([]);
  });

  test('counts as a request, and costs nothing', async () => {
    const world = fileWorld();
    const id = await seed(world, ALICE, 'a.pdf');
    await ask(world, ALICE, id);
    await ask(world, BOB, id);
    expect(world.quotas.settled('workspace#dev-workspace requests minute')).toBe(2);
    expect(world.quotas.settled('workspace#dev-workspace usd month')).toBe(0);
    expect(world.quotas.reserved()).toBe(0);
  });

  test('sends nothing while it cannot be read whose the file is', async () => {
    const faults: Faults = (call) => (call === 'table read' ? 'refused' : undefined);
    const world = fileWorld(faults);
    const id = await seed(world, ALICE, 'a.pdf');
    const [own, foreign, none] = [
      await ask(world, ALICE, id),
      await ask(world, BOB, id),
      await ask(world, BOB, NOBODYS),
    ];
    expect([own.status, foreign.status]).toEqual([503, 503]);
    expect(plain(own).text).toBe(plain(foreign).text);
    expect(plain(foreign)).toEqual(plain(none));
    expect(world.sent).toEqual([]);
  });
});

describe('a list', () => {
  const list = async (world: World, caller: string, query = '') => {
    const answer = await world.ask(caller, 'GET', `/v1/files${query}`);
    expect(answer.status).toBe(200);
    const { data, object, total } = JSON.parse(answer.text);
    expect(object).toBe('list');
    return { names: data.map(({ filename }: { filename: string }) => filename), total };
  };

  test("has the caller's own files alone, the newest first, on every page", async () => {
    const world = fileWorld();
    for (let at = 0; at < 25; at += 1) {
      await seed(world, ALICE, `a${at}`);
      await seed(world, BOB, `b${at}`);
    }
    const pages = [];
    for (let page = 0; page < 4; page += 1) {
      pages.push(await list(world, ALICE, `?page=${page}&page_size=10`));
    }
    expect(pages.map(({ names }) => names.length)).toEqual([10, 10, 5, 0]);
    expect(pages.flatMap(({ names }) => names)).toEqual(
      Array.from({ length: 25 }, (_, at) => `a${24 - at}`),
    );
    expect(pages.map(({ total }) => total)).toEqual([25, 25, 25, 25]);
    expect(world.sent).toEqual([]);
  });

  test('has what roles share in a workspace, once, merged by time', async () => {
    const world = fileWorld();
    for (const [owner, name] of [
      [CAROL, 'c1'],
      [ALICE, 'a1'],
      [DAVE, 'd1'],
      [CAROL, 'c2'],
    ] as const) {
      await seed(world, owner, name);
    }
    await seed(world, CAROL, 'before-sharing', { isShared: false });
    expect(await list(world, CAROL)).toEqual({
      names: ['before-sharing', 'c2', 'd1', 'c1'],
      total: 4,
    });
    expect((await list(world, DAVE)).names).toEqual(['c2', 'd1', 'c1']);
    expect((await list(world, ALICE)).names).toEqual(['a1']);
    expect((await list(world, EVE)).names).toEqual([]);
  });

  test.each([
    ['?purpose=ocr', ['scan.pdf', 'Invoice.PDF']],
    ['?search=invoice', ['Invoice.PDF']],
    ['?mimetypes=application/pdf&mimetypes=audio/mpeg', ['song.mp3', 'scan.pdf']],
    ['?sample_type=batch_request', ['lines.jsonl', 'song.mp3']],
    ['?source=mistral', []],
    ['?source=upload&source=mistral&purpose=batch', ['lines.jsonl', 'song.mp3']],
    ['?search=', ['lines.jsonl', 'song.mp3', 'scan.pdf', 'Invoice.PDF']],
  ])('is filtered by %s', async (query, names) => {
    const world = fileWorld();
    for (const [filename, purpose, mimetype] of [
      ['Invoice.PDF', 'ocr', null],
      ['scan.pdf', 'ocr', 'application/pdf'],
      ['song.mp3', 'batch', 'audio/mpeg'],
      ['lines.jsonl', 'batch', 'application/jsonl'],
    ] as const) {
      const file = world.mistral.add('dev-workspace', { filename, content: '', purpose, mimetype });
      await seed(world, ALICE, filename, { id: file.id, card: cardOf(file) });
    }
    await seed(world, BOB, 'invoice.pdf');
    expect(await list(world, ALICE, query)).toEqual({ names, total: names.length });
  });

  test.each([
    ['?page=-1', /page must be a number/],
    ['?page_size=0', /page_size must be a number from 1/],
    ['?page_size=1001', /page_size must be a number from 1/],
    ['?page=1&page=2', /page is given twice/],
    ['?owner=bob', /"owner" is not known: allowed are page, /],
    ['?page=1%26page_size=2', /page must be a number/],
    ['?search=%0d%0a', /search must be up to 255/],
    [`?search=${'x'.repeat(5000)}`, /longer than 4096/],
    [`?${'source=a&'.repeat(60)}`, /more than 50 values/],
  ])('is refused for %s', async (query, message) => {
    const answer = await fileWorld().ask(ALICE, 'GET', `/v1/files${query}`);
    expect([400, 422]).toContain(answer.status);
    expect(JSON.parse(answer.text).message).toMatch(message);
  });

  test('reads no further than its page where the total is not asked for', async () => {
    const world = fileWorld();
    for (let at = 0; at < 5; at += 1) await seed(world, ALICE, `a${at}`);
    expect(await list(world, ALICE, '?include_total=false&page_size=2')).toEqual({
      names: ['a4', 'a3'],
      total: null,
    });
  });
});

test('a deletion can be repeated until its record is gone too', async () => {
  let fault: ReturnType<Faults>;
  const world = fileWorld((call) => (call === 'table remove' ? fault : undefined));
  const id = await seed(world, ALICE, 'a.pdf');
  fault = 'refused';
  expect((await world.ask(ALICE, 'DELETE', `/v1/files/${id}`)).status).toBe(200);
  expect(world.mistral.files.size).toBe(0);
  expect(world.records.records.size).toBe(1);
  fault = undefined;
  const again = await world.ask(ALICE, 'DELETE', `/v1/files/${id}`);
  expect(plain(again)).toEqual(plain(await world.ask(ALICE, 'DELETE', `/v1/files/${NOBODYS}`)));
  expect(world.records.records.size).toBe(0);
});

test.each(['refused', 'timeout', 'lost', 'broken'] as const)(
  'after a deletion whose answer is %s the owner can repeat it',
  async (kind) => {
    let fault: ReturnType<Faults> = kind;
    const world = fileWorld((call) => (call === 'mistral DELETE' ? fault : undefined));
    const id = await seed(world, ALICE, 'a.pdf');
    expect((await world.ask(ALICE, 'DELETE', `/v1/files/${id}`)).status).toBeGreaterThanOrEqual(
      500,
    );
    expect(world.records.records.size).toBe(1);
    fault = undefined;
    expect([200, 404]).toContain((await world.ask(ALICE, 'DELETE', `/v1/files/${id}`)).status);
    expect([world.records.records.size, world.mistral.files.size]).toEqual([0, 0]);
  },
);

test('content is saved, and not shown: its bytes and type are what some caller uploaded', async () => {
  const world = fileWorld();
  const file = world.mistral.add('dev-workspace', {
    ...{ filename: 'x.html', content: '<script>', mimetype: 'text/html' },
  });
  await seed(world, ALICE, 'x.html', { id: file.id });
  const { headers, text } = await world.ask(ALICE, 'GET', `/v1/files/${file.id}/content`);
  expect(text).toBe('<script>');
  expect(headers.join('\n')).toMatch(/content-type\napplication\/octet-stream/);
  expect(headers.join('\n')).toMatch(/content-disposition\nattachment/);
});

test('HEAD of a content is refused: the whole file would be read for it', async () => {
  const world = fileWorld();
  const id = await seed(world, ALICE, 'a.pdf');
  const answer = await world.ask(ALICE, 'HEAD', `/v1/files/${id}/content`);
  expect([answer.status, world.sent]).toEqual([405, []]);
});
