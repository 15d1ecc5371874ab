import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { RunDocument } from './document.js';
import type { Expectation } from './expectations.js';
import type { OperatorCast, OperatorDiary } from './operator-story.js';

export interface OperatorRun {
  readonly policy: Policy;
  readonly cast: OperatorCast;
  readonly document: RunDocument;
  readonly diary: OperatorDiary;
  /** Calls to `/v1/admin`. */
  readonly adminCalls: readonly string[];
}

/** What the hundred days without the Admin API must have shown. */
export function operatorExpectations(run: OperatorRun): readonly Expectation[] {
  const { policy, cast, document, diary, adminCalls } = run;
  const { keys, findings, rotations, spend } = document;
  const secrets = plannedKeys(policy).map(({ secretName }) => secretName);
  const told = (type: string, secretName: string) =>
    document.alerts.filter(
      ({ attributes, bodies }) =>
        attributes.type === type && bodies.default?.includes(`"${secretName}"`),
    );
  const daysOf = (type: string, secretName: string) =>
    told(type, secretName).map(({ at }) => at.slice(0, 10));
  const outcomesOf = ({ secretName }: { secretName: string }) =>
    rotations.filter(({ secret }) => secret === secretName).map(({ outcome }) => outcome);
  const { promptly, late, unread } = cast;
  const asksOf = ({ secretName }: { secretName: string }) => told('key-needed', secretName).length;
  const closed = told('key-revoked', promptly.secretName).map(({ at }) => at);
  const deletedAt = diary.deleted[0]?.at.toISOString() ?? '';

  const claims: readonly (readonly [string, boolean])[] = [
    [
      'no call to the Admin API was made, and there was no key for it',
      adminCalls.length === 0 && !secrets.includes(policy.mistral.adminKeySecret),
    ],
    [
      'two deploys asked for the first key of every secret, once, by the command to run',
      secrets.every((name) => {
        const [first] = told('key-needed', name);
        const command = `npx --no -- mistral-governance keys supply ${name.replace('mistral/', '')}`;
        return first?.bodies.email?.includes(command) && asksOf({ secretName: name }) >= 1;
      }),
    ],
    [
      'every key that was supplied worked before it took over',
      secrets.every((name) => outcomesOf({ secretName: name })[0] === 'provisioned'),
    ],
    [
      'the next keys were asked for once after 90 days, and reminded of after 7 more where none came',
      asksOf(promptly) === 2 && asksOf(unread) === 2 && asksOf(late) === 3,
    ],
    [
      `the key in charge of ${promptly.secretName}, pasted again, was refused; one mistyped stayed out of charge`,
      JSON.stringify(outcomesOf(promptly)) ===
        JSON.stringify([
          'provisioned',
          'supplied key refused',
          'supplied key not verified',
          'old key revoked',
        ]),
    ],
    [
      'the deletion of the old key was asked for daily, until Mistral refused it',
      daysOf('deletion-needed', promptly.secretName).length === 2 &&
        closed.length === 1 &&
        (closed[0] ?? '') > deletedAt,
    ],
    [
      'no service was refused, and no key in charge was ever deleted',
      diary.refusals.length === 0 &&
        keys.filter(({ status }) => status === 'in charge').length === secrets.length,
    ],
    [
      'no old key was left, and no retirement open',
      keys.every(({ status }) => status !== 'draining') &&
        rotations.every(({ outcome }) => outcome !== 'old key draining'),
    ],
    [
      `the audit found that nobody reads ${unread.secretName}, and saw every secret every night`,
      findings.some(
        ({ type, subject }) => type === 'never-used' && subject === unread.secretName,
      ) &&
        diary.audits.every(({ problems }) => problems.length === 0) &&
        diary.audits.length >= 99,
    ],
    [
      'spend was told from what was metered, with nothing billed to compare it with',
      spend.length > 0 &&
        spend.every(({ billed }) => billed === null) &&
        (!policy.gateway.enabled || spend.some(({ spent }) => spent > 0)),
    ],
  ];
  return claims.map(([claim, holds]) => ({ claim, holds }));
}
