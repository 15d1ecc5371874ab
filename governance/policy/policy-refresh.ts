import * as z from 'zod';

const name = (most: number, what: string) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{1,${most}}$`), {
    error: `must be the name of ${what}, without its ARN: 1 to ${most} letters, digits, "-" or "_"`,
  });

const KINDS = ['ecs', 'lambda', 'eventOnly'] as const;

const RefreshSchema = z
  .strictObject({
    ecs: z
      .strictObject({ cluster: name(255, 'an ECS cluster'), service: name(255, 'an ECS service') })
      .optional(),
    lambda: z.strictObject({ function: name(64, 'a Lambda function') }).optional(),
    eventOnly: z.literal(true).optional(),
    /** In another account, a role that the flow assumes. */
    assumeRole: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, {
        error:
          'must be the ARN of an IAM role, for example arn:aws:iam::111122223333:role/refresh-search',
      })
      .optional(),
  })
  .refine((entry) => KINDS.filter((kind) => entry[kind] !== undefined).length === 1, {
    error: 'must have exactly one of ecs, lambda and eventOnly',
  })
  .refine(({ eventOnly, assumeRole }) => !eventOnly || assumeRole === undefined, {
    error: 'has assumeRole beside eventOnly, which calls nothing: must be without it',
  });

/** Services that read a key only when they start. */
export const RefreshesSchema = z
  .array(RefreshSchema)
  .max(10)
  .default([])
  .refine((entries) => new Set(entries.map((one) => JSON.stringify(one))).size === entries.length, {
    error: 'has the same entry twice',
  });

export type Refresh = z.infer<typeof RefreshesSchema>[number];
