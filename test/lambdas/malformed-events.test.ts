import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createConfirmRevocationHandler } from '../../lambdas/confirm-revocation/handler.js';
import {
  createKeyRotationHandler,
  createOperatorRotationHandler,
} from '../../lambdas/key-rotation/handler.js';
import { createNotifyOnCallHandler } from '../../lambdas/notify-on-call/handler.js';
import { createRevokeKeyHandler } from '../../lambdas/revoke-key/handler.js';
import { createRollBackKeyHandler } from '../../lambdas/roll-back-key/handler.js';
import { createVerifyDeletionHandler } from '../../lambdas/verify-deletion/handler.js';
import { createVerifyRetirementHandler } from '../../lambdas/verify-retirement/handler.js';
import { aPolicy, aRemoval, aRetirement } from '../support/builders.js';

/** Stands in for every adapter; each use of one is noted. */
function untouched(touched: string[]) {
  const adapter = (name: string) =>
    new Proxy({}, { get: (_target, method) => () => touched.push(`${name}.${String(method)}`) });
  const names = ['secrets', 'keySource', 'inspector', 'prober', 'retirements', 'alerts', 'journal'];
  // biome-ignore lint/suspicious/noExplicitAny: an adapter that no test may get to use
  const adapters: any = Object.fromEntries([...names, 'log'].map((name) => [name, adapter(name)]));
  return { ...adapters, policy: aPolicy(), now: () => new Date('2026-04-03T01:00:00Z') };
}

type Handler = (event: unknown) => Promise<unknown>;
const context = { getRemainingTimeInMillis: () => 1000 };

const HANDLERS: readonly [string, (deps: ReturnType<typeof untouched>) => Handler, object][] = [
  [
    'key-rotation',
    (deps) => (event) => createKeyRotationHandler(deps)(event, context),
    { Step: 'createSecret', SecretId: 'arn', ClientRequestToken: 'v2' },
  ],
  [
    'key-rotation in operator mode',
    (deps) => (event) => createOperatorRotationHandler(deps)(event, context),
    { Step: 'testSecret', SecretId: 'arn', ClientRequestToken: 'v2' },
  ],
  ['verify-deletion', createVerifyDeletionHandler, aRetirement()],
  ['verify-retirement', createVerifyRetirementHandler, aRetirement()],
  ['verify-retirement of a removed key', createVerifyRetirementHandler, aRemoval()],
  ['revoke-key', createRevokeKeyHandler, aRetirement()],
  ['confirm-revocation', createConfirmRevocationHandler, aRetirement()],
  ['roll-back-key', createRollBackKeyHandler, aRetirement()],
  [
    'notify-on-call',
    createNotifyOnCallHandler,
    {
      event: 'kept',
      flow: { ...aRetirement(), verdict: {} },
      executionArn: 'arn:e',
      stateMachineArn: 'arn:m',
    },
  ],
];

const NOT_EVEN_AN_OBJECT = [undefined, null, '', 'text', 7, true, [], [{}], {}];

describe.each(HANDLERS)('%s', (_name, create, good) => {
  const fields = Object.keys(good);

  /** A flow does not try again after a ZodError: it would be the same. */
  async function expectZodError(event: unknown): Promise<void> {
    const touched: string[] = [];
    const error = await create(untouched(touched))(event).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(z.ZodError);
    expect(error).toHaveProperty('name', 'ZodError');
    expect(touched).toEqual([]);
  }

  test.each(NOT_EVEN_AN_OBJECT)('fails on %j and touches nothing', expectZodError);

  // What an input that was written by hand may leave out.
  const needed = fields.filter((field) => field !== 'reason');
  test.each(needed)('fails on an event without %s and touches nothing', async (field) => {
    await expectZodError({ ...good, [field]: undefined });
  });

  test.each(fields)('fails on a wrong %s and touches nothing', async (field) => {
    for (const wrong of [null, 7, ['x'], '']) {
      const accepted = field.endsWith('Arn') && wrong === '';
      if (!accepted) await expectZodError({ ...good, [field]: wrong });
    }
  });
});

describe('a retirement', () => {
  const { rules } = aRetirement();
  test.each<[string, object]>([
    ['a time that is none', { checkAt: 'tomorrow' }],
    ['a day for a time', { promotedAt: '2026-04-01' }],
    ['no quiet days', { rules: { ...rules, quietDays: undefined } }],
    ['half a quiet day', { rules: { ...rules, quietDays: 0.5 } }],
    ['a deadline in the past', { rules: { ...rules, maxDrainDays: -1 } }],
    ['an order it does not know', { rules: { ...rules, onDrainTimeout: 'delete' } }],
  ])('with %s is neither judged nor revoked', async (_name, change) => {
    const event = { ...aRetirement(), ...change };
    for (const create of [createVerifyRetirementHandler, createRevokeKeyHandler]) {
      const touched: string[] = [];
      await expect(create(untouched(touched))(event)).rejects.toThrow(z.ZodError);
      expect(touched).toEqual([]);
    }
  });
});
