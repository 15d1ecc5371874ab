import * as z from 'zod';
import { type OwnSecretDeps, provideOwn } from '../../governance/keys/own-secret.js';
import { type Statement, StatementSchema } from '../../governance/keys/policy-statements.js';
import {
  type SecretSettings,
  SecretSettingsSchema,
} from '../../governance/keys/secret-maker.aws.js';
import { release, type TakeOverDeps, takeOver } from '../../governance/keys/take-over.js';
import { SecretRefusedError } from '../../governance/platform/errors.js';
import type { Log } from '../../governance/platform/log.js';
import { plannedKeyOf } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

const RequestSchema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({
    secretName: z.string().min(1),
    statements: z.array(StatementSchema).optional(),
    settings: SecretSettingsSchema.optional(),
  }),
});

/** What the construct sets. */
export interface ProvidedSecretProperties {
  readonly secretName: string;
  /** Of a secret of others: what is added to its resource policy. */
  readonly statements?: readonly Statement[];
  /** Of a secret of this product: what it is made with. */
  readonly settings?: SecretSettings;
}

export interface ProvideSecretDeps extends TakeOverDeps, OwnSecretDeps {
  readonly secrets: TakeOverDeps['secrets'];
  readonly policy: Policy;
  readonly log: Log;
}

export interface ProvidedSecret {
  /** The secret's ARN; `undefined` where the stack has let it go. */
  readonly arn: string | undefined;
}

/**
 * CloudFormation's resource of a secret that may be there already: takes one of others over and lets it go again, and makes one
 * of this product, which stays.
 */
export function createProvideSecretHandler(deps: ProvideSecretDeps) {
  return async (event: unknown): Promise<ProvidedSecret> => {
    const { RequestType, ResourceProperties } = RequestSchema.parse(event);
    const { secretName, statements, settings } = ResourceProperties;
    if (settings) {
      if (RequestType === 'Delete') return { arn: undefined };
      const arn = await provideOwn(deps, secretName, settings);
      if (RequestType === 'Update') await deps.maker.change(arn, settings);
      return { arn };
    }
    if (RequestType === 'Delete') {
      await release(deps, secretName);
      deps.log.info('released', { secret: secretName });
      return { arn: undefined };
    }
    const planned = plannedKeyOf(deps.policy, secretName);
    if (!planned) throw new SecretRefusedError(`no key of the policy is kept in ${secretName}`);
    const { arn } = await takeOver(deps, planned, statements ?? []);
    deps.log.info('taken over', { secret: secretName });
    return { arn };
  };
}
