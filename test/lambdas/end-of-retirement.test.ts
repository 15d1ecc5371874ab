import { describe, expect, test } from 'vitest';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { KeyProbe, ListedKey } from '../../governance/mistral/mistral.js';
import {
  KeyStillCurrentError,
  RevocationUnconfirmedError,
  SecretGoneError,
} from '../../governance/platform/errors.js';
import { createConfirmRevocationHandler } from '../../lambdas/confirm-revocation/handler.js';
import { createRevokeKeyHandler } from '../../lambdas/revoke-key/handler.js';
import { createRollBackKeyHandler } from '../../lambdas/roll-back-key/handler.js';
import {
  aManagedKey,
  aPolicy,
  aRemoval,
  aRetirement,
  aSecret,
  silentLog,
} from '../support/builders.js';

const values: Record<string, ReturnType<typeof aManagedKey>> = {
  v1: aManagedKey('old'),
  v2: aManagedKey('new'),
  oldtoken: aManagedKey('old'),
  newtoken: aManagedKey('new'),
};

function deleting(record: string[], prefix = '') {
  return {
    delete: async (id: string) => {
      record.push(`${prefix}${id}`);
      return 'deleted' as const;
    },
  };
}

/** As Mistral lists the old key. */
const listedOld = {
  id: 'old',
  name: 'dev-team-key-20260101-oldtoken',
  workspaceId: undefined,
  workspaceName: undefined,
  createdAt: undefined,
  expiresOn: undefined,
  lastUsedOn: '2026-04-01' as const,
};
const LATER = () => new Date('2026-04-03T01:00:00Z');
const OWN = aSecret({});

/** Secrets Manager with the one secret, whose labels are as given. */
function ownSecret(stages: Readonly<Record<string, readonly string[]>>) {
  return async (secretId: string) => {
    if (secretId === OWN.name || secretId === OWN.arn) return aSecret(stages);
    throw new SecretGoneError(`no secret ${secretId}`);
  };
}

function revoke(
  current: string | undefined,
  policy = aPolicy(),
  retirement: Retirement = aRetirement(),
  listed: ListedKey = listedOld,
) {
  const deleted: string[] = [];
  const handler = createRevokeKeyHandler({
    policy,
    secrets: {
      describe: ownSecret(current ? { [current]: ['AWSCURRENT'] } : {}),
      read: async (_secret, version) => values[version],
    },
    inspector: {
      find: async (keyId) => (keyId === 'old' ? listed : undefined),
      inspect: async () => ({ health: { kind: 'works' }, models: [] }),
    },
    prober: { probe: async () => ({ kind: 'accepted', models: [] }) },
    keySource: deleting(deleted),
    log: silentLog,
    now: LATER,
  });
  return { deleted, outcome: handler(retirement) };
}

describe('revoking', () => {
  test('deletes the replaced key', async () => {
    const { deleted, outcome } = revoke('v2');
    expect(await outcome).toEqual({ outcome: 'deleted' });
    expect(deleted).toEqual(['old']);
  });

  test('leaves a key that was used after the check', async () => {
    const usedAgain = { ...listedOld, lastUsedOn: '2026-04-03' as const };
    const { deleted, outcome } = revoke('v2', aPolicy(), aRetirement(), usedAgain);
    expect(await outcome).toEqual({ outcome: 'not due' });
    expect(deleted).toEqual([]);
  });

  test('finds that a key is gone', async () => {
    const { deleted, outcome } = revoke('v2', aPolicy(), aRetirement({ oldKeyId: 'unknown' }));
    expect(await outcome).toEqual({ outcome: 'already gone' });
    expect(deleted).toEqual([]);
  });

  test.each([
    ['the old key is current', 'v1', /what AWSCURRENT or AWSPENDING of .* names/],
    ['no key is current', undefined, /names no key/],
    ['the current version cannot be read', 'v9', /names no key/],
  ])('fails when %s, and deletes nothing', async (_name, current, message) => {
    const { deleted, outcome } = revoke(current);
    const error = await outcome.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KeyStillCurrentError);
    expect(String(error)).toMatch(message);
    expect(deleted).toEqual([]);
  });
});

describe('revoking a key that left the policy', () => {
  const without = aPolicy((document) => {
    document.workspaces[0].keys = [];
  });

  const removal = aRemoval({ oldVersionId: 'oldtoken' });

  test.each(['oldtoken', undefined])(
    'deletes it with %s as the current version',
    async (current) => {
      const { deleted, outcome } = revoke(current, without, removal);
      expect(await outcome).toEqual({ outcome: 'deleted' });
      expect(deleted).toEqual(['old']);
    },
  );

  test('fails when it is back in the policy and current', async () => {
    const { deleted, outcome } = revoke('oldtoken', aPolicy(), removal);
    await expect(outcome).rejects.toThrow(KeyStillCurrentError);
    expect(deleted).toEqual([]);
  });
});

describe('confirming', () => {
  const checkedAt = '2026-06-30T02:00:00.000Z';
  const accepted: KeyProbe = { kind: 'accepted', models: [] };
  const rejected: KeyProbe = { kind: 'rejected', status: 401 };

  function confirm(probe: KeyProbe, { listed = false, version = 'v1' } = {}) {
    const key = { id: 'old', name: '', workspaceId: undefined, workspaceName: undefined };
    const dates = { createdAt: undefined, expiresOn: undefined, lastUsedOn: undefined };
    const handler = createConfirmRevocationHandler({
      secrets: { read: async (_secret, versionId) => values[versionId] },
      inspector: { find: async () => (listed ? { ...key, ...dates } : undefined) },
      prober: { probe: async () => probe },
      now: () => new Date('2026-06-30T02:00:00Z'),
    });
    return handler(aRetirement({ oldVersionId: version }));
  }

  test('a key unlisted and rejected is gone', async () => {
    expect(await confirm(rejected)).toEqual({ rejected: true, checkedAt });
  });

  test('a key whose version Secrets Manager dropped is gone once unlisted', async () => {
    expect(await confirm(accepted, { version: 'v0' })).toEqual({ rejected: false, checkedAt });
  });

  test('a version that holds another key is not tried', async () => {
    expect(await confirm(accepted, { version: 'v2' })).toEqual({ rejected: false, checkedAt });
  });

  test.each([
    ['still listed', rejected, true, 'Mistral still lists key old'],
    ['still accepted', accepted, false, 'Mistral still accepts key old'],
  ])('fails for a key that is %s', async (_name, probe, listed, message) => {
    const error = await confirm(probe, { listed }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RevocationUnconfirmedError);
    expect(String(error)).toContain(message);
  });
});

describe('rolling back', () => {
  const retirement = aRetirement({ newVersionId: 'newtoken' });

  function rollBack(current: string, pending?: string, name = 'dev-team-key-20260401-newtoken') {
    const did: string[] = [];
    let now = current;
    const handler = createRollBackKeyHandler({
      policy: aPolicy(),
      secrets: {
        describe: (secretId) =>
          ownSecret({ [now]: ['AWSCURRENT'], ...(pending && { [pending]: ['AWSPENDING'] }) })(
            secretId,
          ),
        read: async (_secret, version) => values[version],
        identify: async () => {},
        differInKeyOnly: async () => true,
        putPending: async () => 'stored',
        moveCurrent: async (_secret, from, to) => {
          did.push(`AWSCURRENT ${from} -> ${to}`);
          if (now !== from) return 'moved on';
          now = to;
          return 'moved';
        },
        clearPending: async (_secret, version) => void did.push(`clear ${version}`),
      },
      inspector: {
        find: async (id) => (name === 'none' ? undefined : { ...listedOld, id, name }),
        inspect: async () => ({ health: { kind: 'bad', reason: 'gone' }, models: [] }),
      },
      prober: { probe: async () => ({ kind: 'accepted', models: [] }) },
      keySource: deleting(did, 'delete '),
      log: silentLog,
      now: LATER,
    });
    return { did, handler };
  }

  test('fails for a key without a successor', async () => {
    const { did, handler } = rollBack('v1');
    await expect(handler(aRemoval())).rejects.toThrow(/newKeyId/);
    expect(did).toEqual([]);
  });

  test('promotes the previous key before it deletes the new one', async () => {
    const { did, handler } = rollBack('newtoken');
    expect(await handler(retirement)).toEqual({ outcome: 'rolled back', newKey: 'deleted' });
    expect(did).toEqual(['AWSCURRENT newtoken -> v1', 'clear newtoken', 'delete new']);
  });

  test('repeated, finds the label moved and finishes', async () => {
    const { did, handler } = rollBack('v1');
    expect(await handler(retirement)).toEqual({ outcome: 'rolled back', newKey: 'deleted' });
    expect(did).toEqual(['clear newtoken', 'delete new']);
  });

  test('leaves the rotation of another key alone, and says that it is in progress', async () => {
    const { did, handler } = rollBack('v1', 'v3');
    expect(await handler(retirement)).toEqual({
      outcome: 'rolled back',
      newKey: 'deleted',
      unfinished: 'v3',
    });
    expect(did).toEqual(['clear newtoken', 'delete new']);
  });

  test.each([
    ['none', 'gone'],
    ['stored-by-hand', 'left'],
  ])('of a new key that Mistral lists as %s it says: %s', async (name, newKey) => {
    const { did, handler } = rollBack('newtoken', undefined, name);
    expect(await handler(retirement)).toEqual({ outcome: 'rolled back', newKey });
    expect(did).toEqual(['AWSCURRENT newtoken -> v1', 'clear newtoken']);
  });

  test('changes nothing once the key of a later rotation is current', async () => {
    const { did, handler } = rollBack('v3');
    expect(await handler(retirement)).toEqual({ outcome: 'overtaken' });
    expect(did).toEqual(['AWSCURRENT newtoken -> v1']);
  });
});
