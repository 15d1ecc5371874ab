import * as z from 'zod';
import { arnSuffixProblem } from './policy-fields.js';

/** What Secrets Manager accepts as the name of a secret. */
export const SecretNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, {
    error: ({ input }) =>
      /^arn:/.test(String(input))
        ? 'is an ARN, must be the name of a secret of this account and region'
        : 'must be 1 to 512 of the characters Secrets Manager allows: letters, digits and /_+=.@-',
  })
  .regex(/^(?!.*-[A-Za-z0-9]{6}$)/, { error: ({ input }) => arnSuffixProblem(String(input)) });

/** It becomes part of a label of the secret's version, beside the key's id and dates. */
const JsonFieldSchema = z
  .string()
  .min(1)
  .refine((name) => !/\p{Cs}/u.test(name) && encodeURIComponent(name).length <= 120, {
    error:
      'is too long, must be at most 120 characters (of others than letters, digits and - . _ ! ~ * ( ), fewer)',
  });

const SecretFormatSchema = z.union(
  [z.enum(['json', 'plain']), z.strictObject({ jsonField: JsonFieldSchema })],
  {
    error: ({ input }) =>
      typeof input === 'object' && input !== null && 'jsonField' in input
        ? undefined
        : 'must be "json", "plain" or { jsonField: <name> }',
  },
);

/** How a value holds its key: as this product's JSON, as the bare key, or as one field of other JSON. */
export type SecretFormat = z.infer<typeof SecretFormatSchema>;

/** Where a key is kept, if not in a secret of this product's own name and format. */
export const KeySecretSchema = z.strictObject({
  name: SecretNameSchema,
  format: SecretFormatSchema.default('json'),
  /** Whether it is there already, and stays what it is. */
  existing: z.boolean().default(false),
});
