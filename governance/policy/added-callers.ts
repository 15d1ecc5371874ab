import * as z from 'zod';
import { CallerSchema, type Policy } from './policy.js';

/**
 * The environment variable with the callers that a CDK app adds to its policy: only the deploy knows what
 * their roles are called, so they cannot be in the file beside the code.
 */
export const ADDED_CALLERS = 'ADDED_CALLERS';

// A principal that the deploy resolved to no ARN of IAM's matches no caller, and stops no function.
const AddedCallersSchema = z.array(CallerSchema.extend({ principal: z.string() }));

/** They come first: of two entries that fix equally many characters, the first decides. */
export function withAddedCallers(policy: Policy, added: string | undefined): Policy {
  if (added === undefined) return policy;
  return {
    ...policy,
    callers: [...AddedCallersSchema.parse(JSON.parse(added)), ...policy.callers],
  };
}
