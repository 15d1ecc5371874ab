import { callerPattern } from './caller-patterns.js';
import type { Policy } from './policy.js';

/** Roles of IAM Identity Center, which names each session after the user who signed in. */
const NAMED_BY_IDENTITY_CENTER = /:assumed-role\/AWSReservedSSO_/;
/** Users have no sessions, and a session that is named in full is one. */
const ANY_SESSION = /:assumed-role\/(.*\/)?[^/]*\*[^/]*$/;

/** Where a caller can multiply its tokens of a day, since it chooses the name that they are counted by. */
export function callerNotes({ callers, roles }: Policy): string[] {
  return callers.flatMap(({ principal, role, perSession }, index) => {
    const pattern = callerPattern(principal);
    const isLimited = roles[role]?.dailyTokens !== 'unlimited';
    if (!perSession || !isLimited || !ANY_SESSION.test(pattern)) return [];
    if (NAMED_BY_IDENTITY_CENTER.test(pattern)) return [];
    return [
      `callers[${index}].perSession: who assumes ${principal} chooses the session's name, and each name has dailyTokens of its own; only IAM Identity Center fixes it (roles AWSReservedSSO_...), or sts:RoleSessionName in the role's trust policy`,
    ];
  });
}
