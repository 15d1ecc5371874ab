import { expect, test } from 'vitest';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { acceptedFindings } from '../../../governance/policy/policy-warnings.js';
import { aPolicy } from '../../support/builders.js';

test.each<[string | string[], string, string[]]>([
  ['legacy-*', '2026-11-24', []],
  [
    'legacy-*',
    '2026-11-23',
    ['audit.accepted[0].until: 2026-11-23 is over, so nothing is accepted: take the entry out'],
  ],
  [
    ['a', '*'],
    '2027-03-31',
    [
      'audit.accepted[0].subject: "*" accepts every unmanaged finding until 2027-03-31, also of what does not exist yet: name subjects or ids',
    ],
  ],
])('%j until %s is noted as %j', (subject, until, notes) => {
  const policy = aPolicy((document) => {
    document.audit = { accepted: [{ type: 'unmanaged', subject, reason: 'moves soon', until }] };
  });
  const warnings = acceptedFindings(policy, new Date('2026-11-24T23:59:00Z'));
  expect([...warnings].map(problemText)).toEqual(notes);
});
