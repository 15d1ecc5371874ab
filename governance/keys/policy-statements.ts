import * as z from 'zod';
import { SecretRefusedError } from '../platform/errors.js';
import { parseJson } from '../platform/json.js';

/** What the Sids of this product's statements in the policy of a secret of others begin with. */
export const OWN_SID = 'MistralGovernance';

/** What Secrets Manager takes as a resource policy. */
const MOST_POLICY_BYTES = 20_480;

export const StatementSchema = z.looseObject({ Sid: z.string().optional() });
export type Statement = z.infer<typeof StatementSchema>;

const PolicySchema = z.looseObject({
  Version: z.string().default('2012-10-17'),
  Statement: z
    .union([z.array(StatementSchema), StatementSchema])
    .transform((one) => (Array.isArray(one) ? one : [one])),
});

/**
 * A resource policy with these statements of this product in place of its earlier ones; those of others stay as they are,
 * and in order. `undefined` where there is none left.
 *
 * @throws SecretRefusedError for a policy that cannot be read, or would be too long
 */
export function withStatements(
  before: string | undefined,
  own: readonly Statement[],
): string | undefined {
  const { Statement: found, ...rest } = policyIn(before);
  const others = found.filter(({ Sid = '' }) => !Sid.startsWith(OWN_SID));
  const Statement = [...others, ...own];
  if (Statement.length === 0) return undefined;
  const text = JSON.stringify({ ...rest, Statement });
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MOST_POLICY_BYTES || own.length === 0) return text;
  throw new SecretRefusedError(
    `its resource policy would be ${bytes} bytes long with the statements of this product, and Secrets Manager takes ${MOST_POLICY_BYTES}`,
  );
}

function policyIn(text: string | undefined): z.infer<typeof PolicySchema> {
  if (text === undefined) return { Version: '2012-10-17', Statement: [] };
  const policy = PolicySchema.safeParse(parseJson(text));
  if (policy.success) return policy.data;
  throw new SecretRefusedError('its resource policy cannot be read, so that nothing can be added');
}
