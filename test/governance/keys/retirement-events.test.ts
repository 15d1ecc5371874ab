import { describe, expect, test } from 'vitest';
import type { Retirement } from '../../../governance/keys/retirement.js';
import { readNotice } from '../../../governance/keys/retirement-events.js';
import { aPolicy, aRemoval, aRetirement } from '../../support/builders.js';

const readers = ['arn:aws:iam::111122223333:role/billing', 'arn:aws:iam::111122223333:role/search'];
const policy = aPolicy((document) => {
  document.workspaces[0].keys[0].readers = readers;
});
const OWN = 'mistral/dev-workspace/dev-team-key';
const LONG = 'mistral/prod-workspace/checkout-service-key';
const at = new Date('2026-04-08T01:00:00Z');
const checkAt = '2026-04-09T01:00:00.000Z';
const arns = { executionArn: 'arn:execution', stateMachineArn: 'arn:machine' };

const inUse = { verdict: { checkAt, lastUsedOn: '2026-04-07' } };
const rejected = {
  verdict: {
    checkAt,
    reason: 'the key was no longer listed',
    rejectedSince: '2026-04-08T00:50:00Z',
  },
};
const rolledBack = { ...rejected, rollBack: { outcome: 'rolled back', newKey: 'gone' } };
const kept = { verdict: { kind: 'kept' } };
const answered = (oldKey: string) => ({ verdict: { checkAt, oldKey, currentVersion: 'v3' } });
const witness = (secretName: string) => ({ verdict: { witness: secretName } });
const heldBy = (secretName: string) => ({ verdict: { heldBy: secretName } });

function notice(event: string, state: object, retirement: Retirement = aRetirement()) {
  return readNotice({ event, flow: { ...retirement, ...state }, ...arns }, at, policy);
}

type Row = readonly [
  event: string,
  state: object,
  type: string,
  severity: string,
  outcome: string | undefined,
  title: string,
  says: RegExp,
];

const OF_A_REPLACED_KEY: readonly Row[] = [
  [
    'key-in-use',
    inUse,
    'key-in-use',
    'warning',
    undefined,
    `Replaced key of ${OWN} is still in use`,
    /copy of the replaced key old,.* since 2026-04-01 10:00 UTC\. It was last used on 2026-04-07\..*checked again at 2026-04-09 01:00 UTC \(in 24 hours\)\..*From 2026-04-08 10:00 UTC \(in 9 hours\) on, you are asked to approve/,
  ],
  [
    'approval-needed',
    inUse,
    'approval-needed',
    'warning',
    undefined,
    `Approve revocation of the replaced key of ${OWN}`,
    /still using the replaced key old on 2026-04-07, more than 7 days after it was replaced\. Revocation is paused until you approve it/,
  ],
  [
    'both-keys-rejected',
    rejected,
    'rotation-failed',
    'critical',
    undefined,
    `Mistral rejects both keys of ${OWN} (401)`,
    /^Services of workspace dev-workspace get 401 .* current key new and the previous key old\. Nothing was changed/,
  ],
  [
    'rolled-back',
    rolledBack,
    'rolled-back',
    'critical',
    'rolled-back',
    `Rolled back rotation of ${OWN} (new key rejected)`,
    /^The previous key is current again, because .* from 2026-04-08 00:50 UTC on\. .* The key was no longer listed\. The new key is no longer at Mistral\.$/,
  ],
  [
    'revoked',
    { confirmation: { rejected: true } },
    'key-revoked',
    'info',
    'revoked',
    `Revoked replaced key of ${OWN}`,
    /no longer lists it and rejects it \(401\)\. The rotation is complete/,
  ],
  [
    'revoked',
    { confirmation: { rejected: false } },
    'key-revoked',
    'info',
    'revoked',
    `Revoked replaced key of ${OWN}`,
    /no longer lists it\. The rotation/,
  ],
  [
    'kept',
    kept,
    'rolled-back',
    'warning',
    'kept',
    `Previous key of ${OWN} is current again`,
    /moved back to key old, so nothing was revoked/,
  ],
  [
    'failed',
    { error: { Error: 'Boom' } },
    'rotation-failed',
    'critical',
    'failed',
    `Retirement of the replaced key of ${OWN} failed`,
    /ended with Boom after all retries\. Services are not affected/,
  ],
  [
    'failed',
    {},
    'rotation-failed',
    'critical',
    'failed',
    `Retirement of the replaced key of ${OWN} failed`,
    /ended with an unknown verdict/,
  ],
  [
    'deletion-needed',
    answered('accepted'),
    'deletion-needed',
    'warning',
    undefined,
    `Delete replaced key of ${OWN} at Mistral`,
    /every copy of it works until you delete it\. It was replaced at .* 1 full UTC day has passed\./,
  ],
  [
    'current-key-rejected',
    answered('accepted'),
    'rotation-failed',
    'critical',
    undefined,
    `Mistral rejects the current key of ${OWN} (401)`,
    /accepts key old.*Do not delete old now/,
  ],
  [
    'current-key-rejected',
    answered('rejected'),
    'rotation-failed',
    'critical',
    undefined,
    `Mistral rejects the current key of ${OWN} (401)`,
    /does not accept key old either.*suspended/,
  ],
  [
    'deleted',
    witness('mistral/dev-workspace/gateway'),
    'key-revoked',
    'info',
    'revoked',
    `Replaced key of ${OWN} is deleted`,
    /rejects key old \(401\) and accepts the current key of mistral\/dev-workspace\/gateway, so/,
  ],
  [
    'not-verified',
    answered('not stored'),
    'deletion-needed',
    'warning',
    'not-verified',
    `Confirm that the replaced key of ${OWN} is deleted`,
    /no longer stores version v1.*You will get no further reminders\.$/,
  ],
  [
    'kept',
    heldBy(OWN),
    'rolled-back',
    'warning',
    'kept',
    `Previous key of ${OWN} is current again`,
    /moved back to key old, so do not delete it.*newer key new stays at Mistral/,
  ],
];

const OF_A_REMOVED_KEY: readonly Row[] = [
  [
    'key-in-use',
    inUse,
    'key-in-use',
    'warning',
    undefined,
    `Removed key of ${OWN} is still in use`,
    /still uses key old, which was removed from the policy at 2026-04-01 10:00 UTC/,
  ],
  [
    'approval-needed',
    inUse,
    'approval-needed',
    'warning',
    undefined,
    `Approve revocation of the removed key of ${OWN}`,
    /more than 7 days after it was removed from the policy/,
  ],
  [
    'revoked',
    { confirmation: { rejected: true } },
    'key-revoked',
    'info',
    'revoked',
    `Revoked removed key of ${OWN}`,
    /The secret that held it remains/,
  ],
  [
    'kept',
    kept,
    'rolled-back',
    'info',
    'kept',
    `Removal of ${OWN} was undone, its key is kept`,
    /names the key again.*Nothing was revoked/,
  ],
  [
    'failed',
    { error: { Error: 'Boom' } },
    'rotation-failed',
    'critical',
    'failed',
    `Retirement of the removed key of ${OWN} failed`,
    /ended with Boom/,
  ],
  [
    'deletion-needed',
    answered('rejected'),
    'deletion-needed',
    'warning',
    undefined,
    `Delete removed key of ${OWN} at Mistral`,
    /rejects the removed key old \(401\), but also every other key that was tried/,
  ],
  [
    'current-key-rejected',
    answered('accepted'),
    'rotation-failed',
    'critical',
    undefined,
    `Mistral rejects the current key of ${OWN} (401)`,
    /accepts key old/,
  ],
  [
    'deleted',
    witness('mistral/ml-workspace/k'),
    'key-revoked',
    'info',
    'revoked',
    `Removed key of ${OWN} is deleted`,
    /if that workspace is suspended, the key may work again later/,
  ],
  [
    'not-verified',
    answered('rejected'),
    'deletion-needed',
    'warning',
    'not-verified',
    `Confirm that the removed key of ${OWN} is deleted`,
    /the policy has no other key to compare with/,
  ],
  [
    'kept',
    heldBy(OWN),
    'rolled-back',
    'info',
    'kept',
    `Removal of ${OWN} was undone, its key is kept`,
    /names the key again/,
  ],
  [
    'kept',
    heldBy('mistral/dev-workspace/renamed'),
    'rolled-back',
    'warning',
    'kept',
    `Keep the key of ${OWN}: another secret holds it`,
    /current key of mistral\/dev-workspace\/renamed: do not delete old/,
  ],
];

describe.each([
  ['a replaced key', aRetirement(), 'rotation-v2', OF_A_REPLACED_KEY],
  ['a removed key', aRemoval(), 'removal-v1', OF_A_REMOVED_KEY],
] as const)('of %s', (_name, retirement, threadId, rows) => {
  test.each(rows)('%s', (event, state, type, severity, outcome, title, says) => {
    const read = notice(event, state, retirement);
    expect(read).toMatchObject({ secretName: OWN, outcome });
    const { alert } = read;
    expect(alert).toMatchObject({
      type,
      severity,
      workspace: 'dev-workspace',
      threadId,
      at,
      title,
    });
    expect(alert.description).toMatch(says);
    const { alert: long } = notice(event, state, { ...retirement, secretName: LONG });
    expect(`${severity.toUpperCase()}: ${long.title}`).toMatch(/^[\x20-\x7e]{1,99}$/);
    expect(JSON.stringify(alert)).not.toMatch(
      retirement.reason === 'removed' ? /undefined|replaced/i : /undefined|removed/i,
    );
  });
});

describe('of a leaked key', () => {
  const leaked = aRetirement({ why: 'compromised' });
  const { alert } = notice('deletion-needed', answered('accepted'), leaked);

  test('the deletion is critical, and says why', () => {
    expect(alert).toMatchObject({
      severity: 'critical',
      title: `Delete leaked key of ${OWN} at Mistral now`,
      facts: { why: 'compromised' },
    });
    expect(alert.description).toContain('old, which has leaked: every copy of it works');
  });

  test('the first step names the key to delete, and the one to keep', () => {
    expect(alert.nextSteps[0]?.say).toMatch(/^Delete old at .* keep the current key new$/);
  });
});

const commandsOf = (...args: Parameters<typeof notice>) =>
  notice(...args).alert.nextSteps.flatMap(({ command }) => command ?? []);
const inputOf = (command = ''): unknown => JSON.parse(/--input '(.*)'$/.exec(command)?.[1] ?? '');

describe('the commands', () => {
  test.each([
    [aRetirement(), 'revoke-v2-2026-04-08'],
    [aRemoval(), 'revoke-removed-v1-2026-04-08'],
    [
      aRetirement({ newVersionId: 'v'.repeat(64) }),
      `revoke-${'v'.repeat(62)}-2026-04-08`, // Step Functions takes 80 characters
    ],
  ])('approval runs the same flow with nothing to wait for', (retirement, name) => {
    const [reads, command] = commandsOf('approval-needed', inUse, retirement);
    expect(reads).toMatch(/^aws cloudtrail lookup-events .*GetSecretValue/);
    expect(command).toContain(`--state-machine-arn arn:machine --name ${name} `);
    expect(inputOf(command)).toEqual({
      ...retirement,
      checkAt: at.toISOString(),
      approved: true,
    });
  });

  test('who may read the secret by the policy is in the alert', () => {
    expect(notice('key-in-use', inUse).alert.facts.readers).toBe(
      `${readers.join(' and ')}, and roles that code grants it to (grantReadKey)`,
    );
    expect(notice('approval-needed', inUse).alert.facts.readers).toContain(readers[1]);
    const removed = aRemoval({ secretName: 'mistral/dev-workspace/gone' });
    expect(notice('key-in-use', inUse, removed).alert.facts.readers).toMatch(/^not known: /);
  });

  test('a flow that failed is started again with what it was started for', () => {
    const command = commandsOf('failed', { error: { Error: 'Boom' } }).at(-1);
    expect(command).toContain('--state-machine-arn arn:machine --input ');
    expect(inputOf(command)).toEqual(aRetirement());
  });

  test('a secret that could not be read is deleted already: no command deletes it', () => {
    const { alert } = notice('revoked', { confirmation: { rejected: false } }, aRemoval());
    expect(alert.nextSteps).toEqual([]);
    expect(alert.description).not.toContain('The secret');
  });

  test.each([
    ['the key was still listed and no spend limit was reached', 'deleted', 'was deleted'],
    ['the key expired on 2026-04-07', 'deleted', 'was deleted'],
    ['the key was no longer listed', 'gone', 'is no longer at Mistral'],
    ['the key was still listed and no spend limit was reached', 'left', 'stays at Mistral'],
  ])('a rollback because %s says one thing of the new key: %s', (reason, newKey, says) => {
    const state = { verdict: { ...rejected.verdict, reason }, rollBack: { newKey } };
    const { description } = notice('rolled-back', state).alert;
    expect(description).toContain(says);
    for (const other of [
      'was deleted',
      'no longer at Mistral',
      'stays at Mistral',
      'is still listed',
    ])
      if (!says.endsWith(other)) expect(description).not.toContain(other);
  });

  test.each([
    ['rolled-back', { ...rejected, rollBack: { unfinished: 'v3' } }],
    ['both-keys-rejected', { verdict: { ...rejected.verdict, unfinished: 'v3' } }],
    ['kept', { verdict: { unfinished: 'v3' } }],
  ])('after %s, a rotation that has not finished is released first', (event, state) => {
    const id = aRetirement().secretId;
    const step = notice(event, state).alert.nextSteps.find(({ command }) => command);
    expect(step?.say).toMatch(/; this first releases the rotation to version v3/);
    expect(step?.command).toBe(
      `aws secretsmanager update-secret-version-stage --secret-id ${id} --version-stage AWSPENDING --remove-from-version-id v3 && aws secretsmanager rotate-secret --secret-id ${id}`,
    );
  });

  test.each(['revoked', 'deleted'])('after %s, the secret of a removed key can go', (event) => {
    const state = { confirmation: { rejected: true }, ...witness('mistral/dev-workspace/x') };
    expect(commandsOf(event, state, aRemoval())).toEqual([
      `aws secretsmanager delete-secret --secret-id ${aRemoval().secretId} --recovery-window-in-days 30`,
    ]);
  });

  test.each([
    ['accepted', aRetirement(), true],
    ['rejected', aRetirement(), false],
    ['accepted', aRemoval(), false],
  ])('the previous key can be current again only if it is accepted', (oldKey, retirement, can) => {
    const commands = commandsOf('current-key-rejected', answered(oldKey), retirement);
    expect(commands[0]).toBe(
      'npx --no -- mistral-governance keys supply dev-workspace/dev-team-key',
    );
    // From where the label is now, which a later key may have.
    const promote = '--move-to-version-id v1 --remove-from-version-id v3';
    expect(commands.some((command) => command.includes(promote))).toBe(can);
  });
});

test('a requested deletion comes with a way to see that no service uses the key', () => {
  const [first, second] = notice('deletion-needed', answered('accepted')).alert.nextSteps;
  expect(first?.say).toMatch(/workspace dev-workspace .* one use a day is this check/);
  expect(second?.say).toContain('delete old there, and no other key');
});

test('a deletion is to be confirmed when only a key of another workspace was accepted', () => {
  const state = witness('mistral/ml-workspace/k');
  const { alert } = notice('deleted', state, aRemoval());
  expect(alert.nextSteps[0]?.say).toMatch(/^Confirm at .* that old is deleted$/);
});

describe('fails', () => {
  test.each(['rolled-back', 'both-keys-rejected'])('on %s without a successor', (event) => {
    expect(() => notice(event, rejected, aRemoval())).toThrow(/newKeyId/);
  });

  test('on an event that the flow does not name', () => {
    expect(() => notice('gossip', {})).toThrow(/event/);
  });
});
