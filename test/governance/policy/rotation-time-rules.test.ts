import { expect, test } from 'vitest';
import { parsePolicy } from '../../../governance/policy/parse-policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { policyWarnings } from '../../../governance/policy/policy-warnings.js';
import { aPolicy, policyDocument } from '../../support/builders.js';

const NOW = new Date('2026-11-24T10:00:00Z');

function problemsOf(rotation: object): string[] {
  const document = policyDocument();
  Object.assign(document.rotation, rotation);
  const parsed = parsePolicy(document);
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

test.each([
  ['a window of a workday', { window: { days: ['mon'], from: '09:00', to: '16:00' } }, []],
  ['a window over midnight', { window: { from: '23:30', to: '00:30' } }, []],
  [
    'a window without a length',
    { window: { from: '09:00', to: '09:00' } },
    [/"09:00" to "09:00" never opens: must be an hour/],
  ],
  [
    'a window of minutes',
    { window: { from: '09:00', to: '09:45' } },
    [/is open for 45 minutes only: must be an hour/],
  ],
  ['a window without days', { window: { days: [], from: '09:00', to: '16:00' } }, [/window\.days/]],
  ['no time', { window: { from: '9', to: '25:00' } }, [/window\.from: .*in quotes/, /window\.to/]],
  [
    'a day that is none',
    { window: { days: ['friday'], from: '09:00', to: '16:00' } },
    [/window\.days\[0\]/],
  ],
  ['an offset for a zone', { timezone: '+01:00' }, [/rotation\.timezone: .*IANA/]],
  ['a zone that is none', { timezone: 'Mars/Base' }, [/rotation\.timezone: .*IANA/]],
  ['a freeze of one day', { freeze: [{ from: '2026-12-24', to: '2026-12-24', reason: 'x' }] }, []],
  [
    'a freeze backwards',
    { freeze: [{ from: '2026-12-24', to: '2026-12-20', reason: 'x' }] },
    [/freeze\[0\]\.to: .* is not after/],
  ],
  [
    'a freeze for good',
    { freeze: [{ from: '2026-12-24', to: '2030-01-01', reason: 'x' }] },
    [/a year later at most/],
  ],
  [
    'a freeze of local times',
    { freeze: [{ from: '2026-12-24T10:00', to: '2026-12-25', reason: 'x' }] },
    [/freeze\[0\]\.from: .*instant such as/],
  ],
  [
    'a freeze without a reason',
    { freeze: [{ from: '2026-12-24', to: '2026-12-25', reason: ' ' }] },
    [/must say why/],
  ],
])('%s', (_name, rotation, problems) => {
  expect(problemsOf(rotation)).toEqual(problems.map((problem) => expect.stringMatching(problem)));
});

test.each([
  [
    'a window of two hours',
    { window: { from: '09:00', to: '11:00' } },
    [/is open for 2 hours, .* make it three hours/],
  ],
  ['a window of three', { window: { from: '09:00', to: '12:00' } }, []],
  [
    'a freeze that is over',
    { freeze: [{ from: '2025-12-20', to: '2026-01-02', reason: 'x' }] },
    [/2026-01-02 is over: remove it/],
  ],
  [
    'a freeze longer than keys live',
    { freeze: [{ from: '2026-12-01', to: '2026-12-31', reason: 'x' }] },
    [/lasts 31 days, and keys expire 21 days after they are due/],
  ],
  ['two weeks', { freeze: [{ from: '2026-12-20', to: '2027-01-02', reason: 'x' }] }, []],
])('warns of %s', (_name, rotation, messages) => {
  const policy = aPolicy((document) => Object.assign(document.rotation, rotation));
  const found = policyWarnings(policy, NOW).open.filter(({ id }) => id === 'rotation-times');
  expect(found.map(({ message }) => message)).toEqual(
    messages.map((message) => expect.stringMatching(message)),
  );
});
