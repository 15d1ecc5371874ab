import { compileAccess } from '../governance/access/compile-access.js';
import { createModelDirectory } from '../governance/access/model-directory.js';
import type { Policy } from '../governance/policy/policy.js';
import type { PriceBook } from '../governance/prices/price-book.js';
import { GovernanceConfigurationError } from './errors.js';

/** Whose rules apply to this service, and whose daily tokens it uses. */
export type Identity =
  /** The ARN of an IAM user, role or session, for example as `aws sts get-caller-identity` prints it. */
  | { readonly caller: string }
  | {
      readonly role: string;
      readonly workspace: string;
      /** Daily tokens are counted under this name. @default one count for the role in the workspace */
      readonly service?: string;
    };

/** An identity that the rules know: an ARN that a policy names as a caller. */
export interface KnownIdentity {
  readonly policy: Policy;
  readonly callerArn: string;
  readonly workspace: string;
}

const SERVICE = /^[\w+=,.@-]{1,64}$/;

/** @throws GovernanceConfigurationError if the policy does not have the caller, role or workspace */
export function identify(policy: Policy, identity: Identity, priceBook: PriceBook): KnownIdentity {
  if ('caller' in identity) return knownAs(policy, identity.caller, priceBook);
  const { role, workspace, service = `${workspace}.${role}` } = identity;
  expectOneOf('role', role, Object.keys(policy.roles));
  expectOneOf(
    'workspace',
    workspace,
    policy.workspaces.map(({ name }) => name),
  );
  if (!SERVICE.test(service)) {
    throw new GovernanceConfigurationError(
      `service ${JSON.stringify(service)} is not a valid name: allowed are 1 to 64 letters, digits and _+=,.@-`,
    );
  }
  // No AWS account has this number, so no IAM user shares the count.
  const principal = `arn:aws:iam::000000000000:user/${service}`;
  const callers = [{ principal, role, workspace, perSession: false }];
  return knownAs({ ...policy, callers }, principal, priceBook);
}

function knownAs(policy: Policy, callerArn: string, priceBook: PriceBook): KnownIdentity {
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  const known = access.callerOf(callerArn);
  if (known.kind === 'refuse') throw new GovernanceConfigurationError(known.message);
  return { policy, callerArn, workspace: known.access.workspace };
}

function expectOneOf(what: string, given: string, allowed: readonly string[]): void {
  if (allowed.includes(given)) return;
  throw new GovernanceConfigurationError(
    `${what} ${JSON.stringify(given)} is not in the policy: known are ${allowed.join(', ') || 'none'}`,
  );
}
