import * as z from 'zod';
import { type Statement, StatementSchema } from '../../governance/keys/policy-statements.js';
import { release, type TakeOverDeps, takeOver } from '../../governance/keys/take-over.js';
import { SecretRefusedError } from '../../governance/platform/errors.js';
import type { Log } from '../../governance/platform/log.js';
import { plannedKeyOf } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

const RequestSchema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({
    secretName: z.string().min(1),
    statements: z.array(StatementSchema),
  }),
});

/** What the construct sets. */
export interface ProvidedSecretProperties {
  readonly secretName: string;
  /** What is added to the secret's resource policy. */
  readonly statements: readonly Statement[];
}

export interface ProvideSecretDeps extends TakeOverDeps {
  readonly policy: Policy;
  readonly log: Log;
}

export interface ProvidedSecret {
  /** The secret's ARN; `undefined` where the stack has let it go. */
  readonly arn: string | undefined;
}

/** CloudFormation's resource of a secret that is there already: takes it over, and lets it go again. */
export function createProvideSecretHandler(deps: ProvideSecretDeps) {
  return async (event: unknown): Promise<ProvidedSecret> => {
    const { RequestType, ResourceProperties } = RequestSchema.parse(event);
    const { secretName, statements } = ResourceProperties;
    if (RequestType === 'Delete') {
      await release(deps, secretName);
      deps.log.info('released', { secret: secretName });
      return { arn: undefined };
    }
    const planned = plannedKeyOf(deps.policy, secretName);
    if (!planned) throw new SecretRefusedError(`no key of the policy is kept in ${secretName}`);
    const { arn } = await takeOver(deps, planned, statements);
    deps.log.info('taken over', { secret: secretName });
    return { arn };
  };
}
