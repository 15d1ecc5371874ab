import { callerPattern } from '../../governance/policy/caller-patterns.js';
import { wrongInput } from '../failure.js';

const ANY_SESSION = 'any-session';

/**
 * The ARN that a caller comes to the gateway with. A role never calls by itself: one of its sessions
 * does. @throws CommandFailure for what is no ARN
 */
export function callingArn(given: string): string {
  if (!/^arn:[^:]+:(iam|sts)::/.test(given)) {
    throw wrongInput(
      `caller ${JSON.stringify(given)} is no ARN of IAM: allowed are roles, assumed-role sessions and users, for example arn:aws:iam::111122223333:role/analyst`,
    );
  }
  const pattern = callerPattern(given);
  return pattern === given ? given : pattern.replace(/\*$/, ANY_SESSION);
}
