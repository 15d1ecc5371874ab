import { callerPattern } from './caller-patterns.js';
import type { Policy } from './policy.js';
import type { Warnings } from './warning.js';

/** Roles of IAM Identity Center, which names each session after the user who signed in. */
const NAMED_BY_IDENTITY_CENTER = /:assumed-role\/AWSReservedSSO_/;
/** Users have no sessions, and a session that is named in full is one. */
const ANY_SESSION = /:assumed-role\/(.*\/)?[^/]*\*[^/]*$/;

const SSO_ROLE = /^(.*[*/])(AWSReservedSSO_[^/]*)/;
const SSO_PATH = ':role/aws-reserved/sso.amazonaws.com/';
const LONGEST_ROLE_NAME = 64;

/** Callers of whom there are more, or fewer, than one may think. */
export function* callerWarnings(policy: Policy): Warnings {
  for (const [index, { principal, role, perSession }] of policy.callers.entries()) {
    const path = ['callers', index, 'principal'];
    const pattern = callerPattern(principal);
    if (/^arn:[^:]*:[a-z]+::\*:/.test(principal)) {
      const bound =
        policy.gateway.organizationId === undefined
          ? 'those that other entries name'
          : 'the whole organization';
      const message = `"*" stands for every account that may call (${bound}): a role of that name in any of them calls as ${role}; write the 12 digits of its account`;
      yield { id: 'any-account', subject: principal, path, message };
    }
    if (isAnyName(principal)) {
      const message = `"*" stands for every role and user there: each may call as ${role}; write some of the name`;
      yield { id: 'any-role', subject: principal, path, message };
    }
    const sso = ssoProblem(principal);
    if (sso !== undefined) {
      yield { id: 'sso-role-without-suffix', subject: principal, path, message: sso };
    }
    const [name = ''] = pattern.split('/').slice(1, 2);
    if (pattern.includes('?') || name.replaceAll('*', '').length > LONGEST_ROLE_NAME) {
      const why = pattern.includes('?')
        ? 'has a "?", which stands for itself here, and no role or session has it in its name: write "*"'
        : `is longer than the ${LONGEST_ROLE_NAME} characters that the name of a role may have: shorten it`;
      yield { id: 'never-matches', subject: principal, path, message: `never matches: it ${why}` };
    }
    const isLimited = policy.roles[role]?.dailyTokens !== 'unlimited';
    const isChosen = ANY_SESSION.test(pattern) && !NAMED_BY_IDENTITY_CENTER.test(pattern);
    if (perSession && isLimited && isChosen) {
      yield {
        id: 'chosen-session-name',
        subject: principal,
        path: ['callers', index, 'perSession'],
        message: `who assumes ${principal} chooses the session's name, and each name has dailyTokens of its own; only IAM Identity Center fixes it (roles AWSReservedSSO_...), or sts:RoleSessionName in the role's trust policy`,
      };
    }
  }
}

/** Readers of secrets, and administrators: `*` in their ARNs matches characters of paths, too. */
export function* readerWarnings({ workspaces, gateway, administrators }: Policy): Warnings {
  const lists = [
    ...workspaces.flatMap(({ keys }, index) =>
      keys.map(({ readers }, at) => ({
        arns: readers,
        path: ['workspaces', index, 'keys', at, 'readers'],
        may: 'read the key',
      })),
    ),
    { arns: gateway.readers, path: ['gateway', 'readers'], may: "read the gateway's keys" },
    { arns: administrators, path: ['administrators'], may: 'change secrets' },
  ];
  for (const { arns, path: list, may } of lists) {
    for (const [index, subject] of arns.entries()) {
      const path = [...list, index];
      if (isAnyName(subject)) {
        const message = `"*" stands for every role and user there: each may ${may}; write some of the name`;
        yield { id: 'any-role', subject, path, message };
      }
      const message = ssoProblem(subject) ?? ssoPathProblem(subject);
      if (message !== undefined) yield { id: 'sso-role-without-suffix', subject, path, message };
    }
  }
}

/** `role/*`, `user/*` and `assumed-role/*`, with any session. */
function isAnyName(arn: string): boolean {
  return /:(role|user)\/[*?/]+$|:assumed-role\/[*?]+\//.test(arn);
}

function ssoProblem(arn: string): string | undefined {
  const [, , name = ''] = SSO_ROLE.exec(arn) ?? [];
  if (name === '' || /[*?]/.test(name) || /_[0-9a-f]{16}$/.test(name)) return undefined;
  return `never matches: IAM Identity Center ends the names of its roles in "_" and 16 characters of its own; write ${name.replace(/_$/, '')}_*`;
}

/** Resource policies compare the whole ARN, of which the path is a part. */
function ssoPathProblem(arn: string): string | undefined {
  const [, before = '', name = ''] = SSO_ROLE.exec(arn) ?? [];
  if (name === '' || before.includes(SSO_PATH) || before.includes('*')) return undefined;
  return `never matches: the path of such roles is missing; write role/aws-reserved/sso.amazonaws.com/*${name}`;
}
