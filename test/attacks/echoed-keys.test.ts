import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { createKeyReader } from '../../governance/keys/key-reader.aws.js';
import { parseManagedKey, serializeManagedKey } from '../../governance/keys/managed-key.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createAdminKey } from '../../governance/mistral/admin-key.aws.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { createModelLister } from '../../governance/mistral/key-prober.js';
import { createAdminKeySource } from '../../governance/mistral/key-source.js';
import { createMistralHttp } from '../../governance/mistral/mistral-http.js';
import { quotesKey, redactKey } from '../../governance/mistral/redact-key.js';
import { aManagedKey } from '../support/builders.js';
import { CHAT, gatewayWorld, UPSTREAM_KINDS } from '../support/gateway-world.js';

const KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const apiKey = new ApiKey(KEY);
const keys = { current: () => apiKey, instead: async () => undefined };

const units = (text: string, form: (code: number) => string) =>
  Array.from(text, (character) => form(character.charCodeAt(0))).join('');
const hex = (code: number) => code.toString(16).padStart(2, '0');

/** The key as servers write what they were sent, into JSON, pages, addresses, dumps and logs. */
const FORMS: Readonly<Record<string, string>> = {
  plain: KEY,
  'in capitals': KEY.toUpperCase(),
  'a piece': KEY.slice(5, 14),
  "as JSON's escapes, once more": units(KEY, (code) => `\\u00${hex(code)}`),
  "as scripts' escapes": units(KEY, (code) => `\\x${hex(code)}`),
  'escaped twice': units(KEY, (code) => `\\\\u00${hex(code)}`),
  'in an address': units(KEY, (code) => `%${hex(code)}`),
  'in an address, twice': units(KEY, (code) => `%25${hex(code)}`),
  'half in an address': `${KEY.slice(0, 4)}%${hex(KEY.charCodeAt(4))}${KEY.slice(5)}`,
  'on a page': units(KEY, (code) => `&#${code};`),
  'on a page, hexadecimal': units(KEY, (code) => `&#x${hex(code)};`),
  'on a page, in a page': units(KEY, (code) => `&amp;#${code};`),
  'in base64': Buffer.from(KEY).toString('base64'),
  'in base64, with what stands before it': Buffer.from(`Authorization: Bearer ${KEY}`).toString(
    'base64',
  ),
  'in base64 for addresses': Buffer.from(`??>${KEY}`).toString('base64url'),
  'in base64 in an address': encodeURIComponent(Buffer.from(`x${KEY}`).toString('base64')),
  'UTF-16 in base64': Buffer.from(KEY, 'utf16le').toString('base64'),
  'as hexadecimal digits': Buffer.from(KEY).toString('hex'),
  'as a dump': Buffer.from(KEY).toString('hex').replaceAll(/../g, '$& '),
  'as a list of bytes': JSON.stringify(Buffer.from(KEY).toJSON()),
  'letter by letter': [...KEY].join(' '),
  'with dashes': KEY.replaceAll(/.{4}/g, '$&-'),
  'with invisible marks': [...KEY].join('\u200b'),
  'with zeros between': [...KEY].join('\0'),
  'over lines': KEY.replaceAll(/.{6}/g, '$&\n'),
  'in colors': KEY.replaceAll(/.{6}/g, '$&\u001b[0m'),
};

/** Also a body in another form than the text says: each character of a string escaped, or all in UTF-16. */
type Body = (form: string) => string | Buffer;
const escaped = (value: unknown) =>
  JSON.stringify(value).replaceAll(/[A-Za-z0-9]/g, (mark) => `\\u00${hex(mark.charCodeAt(0))}`);

const BODIES: Readonly<Record<string, Body>> = {
  'in the message': (form) => JSON.stringify({ object: 'error', message: `no: ${form}` }),
  'in an escaped message': (form) => `{"message":${escaped(form)}}`,
  'in every documented field': (form) =>
    JSON.stringify({ message: form, type: form, param: form, code: form }),
  'in the detail': (form) => JSON.stringify({ detail: form }),
  'in rows': (form) =>
    JSON.stringify({ detail: [{ type: form, loc: ['body', form], msg: form, input: form }] }),
  'in other fields': (form) =>
    JSON.stringify({ message: 'no', request: { headers: { authorization: form } } }),
  'in names': (form) => JSON.stringify({ message: { [form]: form }, [form]: 'no', detail: 'x' }),
  'in JSON in a text': (form) => JSON.stringify({ message: JSON.stringify({ detail: form }) }),
  'in an error of OpenAI': (form) => JSON.stringify({ error: { message: form, code: form } }),
  'in pieces over fields': (form) =>
    JSON.stringify({
      message: form.slice(0, 6),
      type: form.slice(6, 12),
      param: form.slice(12, 18),
      code: form.slice(18),
    }),
  'in pieces over rows': (form) =>
    JSON.stringify({ detail: form.match(/.{1,6}/gs)?.map((msg) => ({ msg, loc: [] })) }),
  'in a list': (form) => JSON.stringify([form, form]),
  'in a member that comes twice': (form) => `{"message":${JSON.stringify(form)},"message":"no"}`,
  'in what is no JSON': (form) => `GET / HTTP/1.1\r\nauthorization: Bearer ${form}`,
  'on a page': (form) => `<html>${form}</html>`,
  'in UTF-16': (form) => Buffer.from(JSON.stringify({ message: form }), 'utf16le'),
};

/** What a reader gets who decodes nothing but JSON. */
function read(text: string): string {
  try {
    return `${text} ${JSON.stringify(JSON.parse(text))}`.replaceAll('\\"', '"');
  } catch {
    return text;
  }
}

function expectNoKey(text: string, form: string): void {
  const said = read(text);
  expect(said.toLowerCase()).not.toContain(form.slice(0, 12).toLowerCase());
  for (let at = 0; at + 8 <= KEY.length; at += 1) {
    expect(said.toLowerCase()).not.toContain(KEY.slice(at, at + 8).toLowerCase());
  }
  // Four characters are no piece of a key; the pieces in a row are all of it.
  const letters = said.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
  expect(letters).not.toContain(KEY.slice(0, 12).toLowerCase());
}

const FORM_TABLE = Object.entries(FORMS);
const STATUSES = [400, 403, 404, 422, 500];

describe.each(UPSTREAM_KINDS)(
  'the gateway over %s repeats no key that Mistral echoes',
  (upstreamKind) => {
    test.each(FORM_TABLE)('%s', async (_name, form) => {
      let status = 400;
      let body: string | Buffer = '';
      const world = await gatewayWorld(
        (response) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          // In chunks that no search finds a key in.
          for (const piece of Buffer.from(body)
            .toString('latin1')
            .match(/.{1,5}/gs) ?? [])
            response.write(Buffer.from(piece, 'latin1'));
          response.end();
        },
        undefined,
        { upstreamKind, keys },
      );
      for (const [place, bodyOf] of Object.entries(BODIES)) {
        status = STATUSES[Object.keys(BODIES).indexOf(place) % STATUSES.length] ?? 400;
        for (status of [status, 422, 403]) {
          body = bodyOf(form);
          const answer = await world.ask(CHAT);
          expect(answer.status).toBeGreaterThanOrEqual(400);
          expectNoKey(await answer.text(), form);
          expectNoKey(JSON.stringify([...answer.headers]), form);
        }
      }
      expectNoKey(world.logged.join('\n') + world.alerts.join('\n'), form);
    });

    test.each([200, 400])('nor in the names and values of headers of a %i', async (status) => {
      const safe = /^[\x21-\x7e]+$/;
      const forms = FORM_TABLE.filter(([, form]) => safe.test(form));
      let form = '';
      const world = await gatewayWorld(
        (response: ServerResponse) => {
          const value = { 'mistral-correlation-id': form, 'x-kong-request-id': `id-${form}` };
          const name = form.replaceAll(/[^\w-]/g, '-').toLowerCase();
          response.writeHead(status, {
            ...value,
            'content-type': `application/json; charset=${form}`,
            'retry-after': form,
            'x-ratelimit-remaining-req-minute': form,
            [`x-ratelimit-${name}`]: '1',
            [`ratelimit-${name}`]: form,
            'x-max-retry-attempts-reached': form,
            'x-debug': form,
            [name]: form,
          });
          response.end(JSON.stringify({ message: 'no', choices: [] }));
        },
        undefined,
        { upstreamKind, keys },
      );
      for ([, form] of forms) {
        const { headers } = await world.ask(CHAT);
        expectNoKey(JSON.stringify([...headers]), form);
        expect(headers.get('content-type')).toBe('application/json');
      }
      expect(forms.length).toBeGreaterThan(10);
    });
  },
);

describe('the clients of Mistral name no key that an answer echoes', () => {
  async function errorsOf(form: string): Promise<string> {
    const bodies = Object.values(BODIES).flatMap((bodyOf) =>
      [200, 400, 401, 422, 500].map((status) => ({ status, body: bodyOf(form) })),
    );
    const server = createServer((request, response) => {
      const { status, body } = bodies[Number(request.url?.slice(1))] ?? { status: 500, body: '' };
      const id = /^[\x21-\x7e]+$/.test(form) ? form : 'id';
      response.writeHead(status, { 'mistral-correlation-id': id }).end(body);
    });
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const http = createMistralHttp(`http://127.0.0.1:${port}`, { sleep: async () => {} });
    const answer = z.strictObject({ data: z.array(z.strictObject({ id: z.uuid() })) });
    const errors = await Promise.all(
      bodies.map((_, at) =>
        http.send({ method: 'GET', path: `/${at}`, answer }, { bearer: apiKey }).catch(String),
      ),
    );
    return errors.join('\n');
  }

  test.each(FORM_TABLE)('%s', async (_name, form) => {
    const said = await errorsOf(form);
    expect(said).toContain('answered 422');
    expectNoKey(said, form);
  });
});

describe('a text', () => {
  test.each(FORM_TABLE)('with the key %s is recognized', (_name, form) => {
    expect(quotesKey(`invalid: ${form}`, apiKey)).toBe(true);
    expectNoKey(redactKey(`invalid: ${form}.`, apiKey), form);
  });

  test.each([
    'Invalid model: mistral-small-latest',
    'body.messages.0.content: Field required; input should be "user", "assistant" or "tool"',
    'Rate limit exceeded (request 0196f3a2-6c1f-7a0e-92f4-8f8e9d430d1c), 100%25 of 60 &amp; 61',
    '\\u00e9t\\u00e9 %C3%A9 &#233; HQSx...Ug6Y',
    'aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=, 68656c6c6f20776f726c64, [104, 101, 108, 108, 111, 33, 33, 33]',
  ])('without it stays as it is: %s', (text) => {
    expect(redactKey(text, apiKey)).toBe(text);
  });
});

describe('a secret whose answer is no JSON', () => {
  test.each([
    `{"SecretString": ${KEY}}`,
    `${KEY}`,
    `<html>${KEY}</html>`,
    `{"SecretString":"x",${KEY}`,
  ])('%s is quoted in no error', async (body) => {
    const server = createServer((_request, response) => void response.end(body));
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const client = new SecretsManagerClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    const versions = createSecretVersions(client);
    const readers = [
      () => versions.read('secret', 'version'),
      () => versions.putPending('secret', 'version', aManagedKey('new')),
      () => createAdminKey(client, 'secret').read(),
      () => createKeyReader(client, 'secret')('AWSCURRENT'),
    ];
    for (const read of readers) {
      const error = await read().then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error).toBeInstanceOf(Error);
      const said = inspect(error, { showHidden: true, depth: 9 });
      for (let at = 0; at + 8 <= KEY.length; at += 1) {
        expect(said).not.toContain(KEY.slice(at, at + 8));
      }
    }
  });
});

test.each(['keyId', 'workspace', 'workspaceId'])(
  'a secret with the key in its %s as well is no managed key, and not quoted',
  (field) => {
    const value = { ...JSON.parse(serializeManagedKey(aManagedKey('new'))), apiKey: KEY };
    const read = () => parseManagedKey(JSON.stringify({ ...value, [field]: `x ${KEY}` }), 'secret');
    expect(read).toThrow('has its key in another field than apiKey');
    expect(read).not.toThrow(KEY);
  },
);

test('models that echo the key are not listed for callers', async () => {
  const http = {
    send: async () => ({
      data: [{ id: 'a', debug: { authorization: `Bearer ${KEY}` } }, { id: 'b' }],
    }),
  };
  expect(await createModelLister(http as never)(apiKey)).toEqual([{ id: 'b' }]);
});

test('an id that is the key is no answer to the creation of a key', async () => {
  const admin = {
    send: async ({ answer }: { answer: z.ZodType }) =>
      answer.parse({ key_id: KEY, key: KEY, created_at: '2026-06-30T00:00:00Z' }),
  };
  const order = { name: 'x', workspaceId: 'w', ownerUserId: 'u', expiresOn: '2026-12-31' };
  const creating = createAdminKeySource(admin as never).create(order);
  await expect(creating).rejects.toThrow('has itself as its id');
  await expect(creating).rejects.not.toThrow(KEY);
});
