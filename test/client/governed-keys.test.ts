import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  CHAT,
  clientWorld,
  completing,
  DAILY_TOKENS,
  KEY,
  MONEY,
  REQUESTS,
} from '../support/client-world.js';
import { MARGINS, NO_KEYS } from '../support/pasted-keys.js';

const NEW = `${KEY}-2`;

test('a rotation in mid-traffic loses no request', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.workspaces[0].requestsPerMinute = 6000;
    },
  });
  const mistral = await world.create();
  const ask = () => Promise.all(Array.from({ length: 8 }, () => mistral.chat.complete(CHAT)));

  await ask();
  world.rotate(NEW);
  world.letIn.add(NEW);
  await ask(); // with the replaced key, which still works
  world.letIn.delete(`${KEY}-1`);
  await ask(); // rejected once, and sent again with the new key
  await ask();
  await mistral.flush();

  expect(world.secretCalls).toEqual(['AWSCURRENT', 'AWSCURRENT']);
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 32 * 18 });
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 32 });
});

test('the previous key stands in for a new key that Mistral does not accept yet', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();
  world.rotate(NEW); // and Mistral needs minutes to accept it
  world.pass(600);

  await mistral.chat.complete(CHAT);
  world.letIn.add(NEW);
  world.letIn.delete(`${KEY}-1`);
  await mistral.chat.complete(CHAT);
  await mistral.flush();

  expect(world.secretCalls.slice(1)).toEqual([
    'AWSCURRENT',
    'AWSCURRENT',
    'AWSPREVIOUS',
    'AWSCURRENT',
  ]);
  expect(world.sent().at(-1)?.headers.authorization).toBe(`Bearer ${NEW}`);
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 2 });
});

test('a key that stays rejected is an error of the SDK, and counts nothing', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();
  world.letIn.clear();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 401 });
  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 401 });
  await mistral.flush();

  // Mistral answers so for an exhausted plan too: the secret is not read for every request.
  expect(world.secretCalls).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPREVIOUS']);
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 0 });
});

test('each key is tried once', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();
  world.rotate(NEW);
  world.letIn.clear();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 401 });

  const keys = world.sent().map(({ headers }) => headers.authorization);
  expect(keys).toEqual([`Bearer ${KEY}-1`, `Bearer ${NEW}`]);
});

test('while Secrets Manager is down, the cached key serves as long as the policy allows', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.rotation.readerCacheSeconds = 2000;
    },
  });
  const mistral = await world.create();
  world.secretsState.isAway = true;
  world.pass(1800);

  await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
  world.pass(201);
  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({
    name: 'GovernanceUnavailableError',
    code: 'key_unavailable',
    retryAfterSeconds: 1,
  });
  await mistral.flush();
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 18 });
});

test('a client can be created while Secrets Manager is down', async () => {
  const world = await clientWorld({});
  world.secretsState.isAway = true;
  const mistral = await world.create();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ code: 'key_unavailable' });
  world.secretsState.isAway = false;
  await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
});

test('a redirect is not followed with the key', async () => {
  const elsewhere = await clientWorld({});
  const location = `${elsewhere.document.mistral.apiUrl}/v1/chat/completions`;
  const world = await clientWorld({
    script: (response) => response.writeHead(307, { location }).end(),
  });
  const mistral = await world.create();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 307 });

  expect(elsewhere.upstream.received).toEqual([]);
});

test('neither errors nor the client contain a piece of the key', async () => {
  const world = await clientWorld({ script: completing });
  const mistral = await world.create();
  const shown: string[] = [inspect(mistral, { depth: 9, showHidden: true })];
  const keep = (error: unknown) => {
    shown.push(inspect(error, { depth: 9, showHidden: true }));
  };
  await mistral.chat.complete({ ...CHAT, model: 'x' }).catch(keep);
  world.letIn.clear();
  await mistral.chat.complete(CHAT).catch(keep);
  world.rotate(`${KEY}\nwith a line break`);
  world.pass(4000);
  await mistral.chat.complete(CHAT).catch(keep);

  expect(shown).toHaveLength(4);
  expect(shown.at(-1)).toContain('key_unavailable');
  for (const text of shown) expect(text).not.toContain(KEY.slice(0, 8));
});

test.each(MARGINS)('a key that was pasted with %s around it is sent without', async (_, margin) => {
  const world = await clientWorld({});
  world.rotate(`${margin}${KEY}-1${margin}`);
  const mistral = await world.create();
  await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
  expect(world.sent().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}-1`]);
});

test.each(NO_KEYS)(
  'a key with %s is key_unavailable: nothing is sent or booked',
  async (_, textOf) => {
    const world = await clientWorld({});
    world.rotate(textOf(KEY));
    const mistral = await world.create();
    const unusable = await mistral.chat.complete(CHAT).catch((error: unknown) => error);
    expect(unusable).toMatchObject({ code: 'key_unavailable', retryAfterSeconds: undefined });
    expect(inspect(unusable, { depth: 9, showHidden: true })).not.toContain(KEY.slice(0, 8));
    await mistral.close();
    expect(world.sent()).toEqual([]);
    for (const quota of [DAILY_TOKENS, REQUESTS, MONEY]) {
      expect(await world.total(quota)).toEqual({ settled: 0, held: 0 });
    }
  },
);
