import * as z from 'zod';
import { ModelIdSchema } from './policy-fields.js';

const PriceSchema = z.number().min(0).max(1e6);

/** Prices in `mistral.currency`; what is left out is not charged for. */
const ModelPricesSchema = z.strictObject({
  inputPerMillionTokens: PriceSchema.optional(),
  /** @default a tenth of the input's */
  cachedPerMillionTokens: PriceSchema.optional(),
  outputPerMillionTokens: PriceSchema.optional(),
  perThousandPages: PriceSchema.optional(),
  /** @default what other pages cost */
  perThousandAnnotatedPages: PriceSchema.optional(),
  perAudioMinute: PriceSchema.optional(),
  perMillionCharacters: PriceSchema.optional(),
  /** The UTC day from which they hold. @default always; until it, the price book's prices hold */
  from: z.iso.date().optional(),
});

const DatedModelPricesSchema = ModelPricesSchema.extend({
  /** The model's later prices, in order of their days. */
  changes: z
    .array(ModelPricesSchema.required({ from: true }))
    .max(100)
    .optional(),
});

/** What the policy says of prices, where it differs from the price book. */
export const PricesSchema = z.strictObject({
  /** A model without a price costs as much as the most expensive one, or is refused. */
  unknownModel: z.enum(['most-expensive', 'refuse']).default('most-expensive'),
  /**
   * With `bill`, the organization's own prices, which the nightly audit reads in Mistral's usage report,
   * count before all others. Needs the Admin API.
   */
  source: z.enum(['price-book', 'bill']).default('price-book'),
  /** By exact model id; each replaces what the price book says of the model. */
  models: z.record(ModelIdSchema, DatedModelPricesSchema).default({}),
});
