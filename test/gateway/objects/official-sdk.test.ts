import { HTTPClient, Mistral } from '@mistralai/mistralai';
import { beforeEach, describe, expect, test } from 'vitest';
import { createObjectStore } from '../../../governance/objects/object-store.aws.js';
import type { ObjectStore } from '../../../governance/objects/objects.js';
import { Ownership } from '../../../governance/objects/ownership.js';
import { OBJECT_INDEXES } from '../../../governance/policy/object-indexes.js';
import { createFakeFiles } from '../../../testing/fakes/mistral-files.js';
import { aPolicy } from '../../support/builders.js';
import {
  CALLER_HEADER,
  DEVELOPER,
  eventually,
  type GatewayWorld,
  gatewayWorld,
  type Script,
  session,
  UPSTREAM_KINDS,
  type UpstreamKind,
} from '../../support/gateway-world.js';
import { newTableForEach } from '../../support/table.js';

let store: ObjectStore;
newTableForEach((dynamo, table) => {
  store = createObjectStore(dynamo.client, table);
}, Object.values(OBJECT_INDEXES));

const SENIOR = session('senior');
const NOW = () => new Date('2026-06-30T12:00:00Z');

let files: ReturnType<typeof createFakeFiles>;
beforeEach(() => {
  files = createFakeFiles({ now: NOW });
});

/** The stand-in behind a server; a large content goes in pieces. */
const mistral: Script = (response, { method, url, headers, body }) => {
  const workspaceId = 'dev-workspace';
  const called = { method, url: new URL(url, 'http://mistral'), body };
  const flat = Object.fromEntries(Object.entries(headers).map(([name, is]) => [name, String(is)]));
  const answer = files.answer({ workspaceId }, { ...called, headers: flat });
  const { status = 404, headers: more = {}, body: text = '{}' } = answer ?? {};
  response.writeHead(status, { 'content-type': 'application/json', ...more });
  for (let at = 0; at < text.length; at += 65_536) response.write(text.slice(at, at + 65_536));
  response.end();
};

async function openWorld(upstreamKind: UpstreamKind): Promise<GatewayWorld> {
  const running = { now: NOW, sleep: async () => {}, random: () => 1 };
  const objects = new Ownership({ ...running, store, policy: aPolicy() });
  return gatewayWorld(
    mistral,
    (document) => {
      document.gateway.maxBodyBytes = 100_000;
      document.callers = ['developer', 'senior'].map((role) => ({
        ...{ principal: `arn:aws:iam::111122223333:role/${role}`, role: 'developer' },
        workspace: 'dev-workspace',
      }));
    },
    { objects, upstreamKind },
  );
}

function sdkOf({ url }: GatewayWorld, caller: string): Mistral {
  const httpClient = new HTTPClient();
  httpClient.addHook('beforeRequest', (request) => {
    request.headers.set(CALLER_HEADER, caller);
    return request;
  });
  return new Mistral({ apiKey: 'none', serverURL: url, httpClient });
}

const textOf = async (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

describe.each(UPSTREAM_KINDS)('the official SDK, with files by way of %s', (upstreamKind) => {
  test.each([
    ['small', 'abc'],
    ['larger than what is held', 'x'.repeat(3_000_000)],
  ])('uploads, lists, reads and deletes a file that is %s', async (_size, content) => {
    const world = await openWorld(upstreamKind);
    const [own, other] = [sdkOf(world, DEVELOPER), sdkOf(world, SENIOR)];
    const uploaded = await own.files.upload({
      file: {
        fileName: 'scan.pdf',
        content: new Blob([content], { type: 'application/pdf' }).stream(),
      },
      purpose: 'ocr',
    });
    expect(uploaded).toMatchObject({ filename: 'scan.pdf', purpose: 'ocr' });
    const fileId = uploaded.id;

    expect(await own.files.retrieve({ fileId })).toMatchObject({ id: fileId, deleted: false });
    expect(await textOf(await own.files.download({ fileId }))).toBe(content);
    expect((await own.files.getSignedUrl({ fileId, expiry: 2 })).url).toContain('hours=2');
    expect(
      await own.files.list({ pageSize: 10, sampleType: ['ocr_input' as never] }),
    ).toMatchObject({
      total: 1,
      data: [{ id: fileId, filename: 'scan.pdf' }],
    });

    expect((await other.files.list({})).data).toEqual([]);
    for (const refused of [
      other.files.retrieve({ fileId }),
      other.files.download({ fileId }),
      other.files.getSignedUrl({ fileId }),
      other.files.delete({ fileId }),
    ]) {
      await expect(refused).rejects.toMatchObject({ statusCode: 404 });
    }
    expect(await own.files.delete({ fileId })).toMatchObject({ deleted: true });
    await expect(own.files.retrieve({ fileId })).rejects.toMatchObject({ statusCode: 404 });
    expect((await own.files.list({})).total).toBe(0);
  });
});

test('a file whose caller does not read on waits for it, and is not held in memory', async () => {
  const world = await openWorld('undici');
  const { id } = await sdkOf(world, DEVELOPER).files.upload({
    file: { fileName: 'a', content: new Blob(['small']).stream() },
    purpose: 'batch',
  });
  const [file] = [...files.files.values()];
  if (!file) throw new Error('no file');
  files.files.set(id, { ...file, content: 'y'.repeat(30_000_000) });
  const answer = await world.ask(undefined, { method: 'GET', path: `/v1/files/${id}/content` });
  const reader = answer.body?.getReader();
  let bytes = (await reader?.read())?.value?.length ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { external, arrayBuffers } = process.memoryUsage();
  expect(external + arrayBuffers).toBeLessThan(400_000_000);
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    bytes += next.value.length;
  }
  expect(bytes).toBe(30_000_000);
});

test('a caller that hangs up in the middle of its upload leaves nothing', async () => {
  const world = await openWorld('undici');
  const leaving = new AbortController();
  async function* parts() {
    yield Buffer.from(
      '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nocr\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n',
    );
    for (let at = 0; at < 40; at += 1) yield Buffer.alloc(50_000, 'z');
    await new Promise(() => {});
  }
  const sending = fetch(`${world.url}/v1/files`, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER, 'content-type': 'multipart/form-data; boundary=b' },
    body: parts() as never,
    duplex: 'half',
    signal: leaving.signal,
  } as RequestInit);
  await eventually(() => world.quotas.reserved() > 0);
  leaving.abort();
  await expect(sending).rejects.toThrow();
  await eventually(() => world.quotas.reserved() === 0);
  expect(files.files.size).toBe(0);
  expect(await store.known({ workspaceId: 'any', kind: 'file' }, ['x'])).toEqual(new Set());
});
