import { expect, test } from 'vitest';
import { callerWarnings } from '../../../governance/policy/caller-warnings.js';
import { aPolicy } from '../../support/builders.js';

function notes(principal: string, change: { role?: string; perSession?: boolean } = {}) {
  const { role = 'developer', perSession = true } = change;
  const policy = aPolicy((document) => {
    document.callers = [{ principal, role, workspace: 'dev-workspace', perSession }];
  });
  return [...callerWarnings(policy)]
    .filter(({ id }) => id === 'chosen-session-name')
    .map(({ message }) => message);
}

const IAM = 'arn:aws:iam::111122223333';
const STS = 'arn:aws:sts::111122223333';
const SSO = 'aws-reserved/sso.amazonaws.com';

test.each([
  `${IAM}:role/developer`,
  `${IAM}:role/team/developer-*`,
  `${IAM}:role/*`,
  `${IAM}:role/MyAWSReservedSSO_x`,
  `${STS}:assumed-role/developer/*`,
  `${STS}:assumed-role/developer/ana-*`,
])('%s leaves the name of a session to its caller', (principal) => {
  expect(notes(principal)).toEqual([expect.stringContaining(`who assumes ${principal} chooses`)]);
  expect(notes(principal, { perSession: false })).toEqual([]);
  expect(notes(principal, { role: 'admin' })).toEqual([]);
});

test.each([
  `${IAM}:role/${SSO}/eu-west-1/AWSReservedSSO_Developer_0123456789abcdef`,
  `${IAM}:role/${SSO}/*/AWSReservedSSO_Developer_*`,
  `${STS}:assumed-role/AWSReservedSSO_Developer_*/*`,
  `${STS}:assumed-role/developer/ana`,
  `${IAM}:user/*`,
])('%s does not', (principal) => {
  expect(notes(principal)).toEqual([]);
});
