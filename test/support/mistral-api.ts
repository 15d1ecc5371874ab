import * as z from 'zod';

// Written from Mistral's OpenAPI document (docs release v1.7.7). Strict on purpose: the fake has no
// undocumented fields, although clients of the real API must accept new ones.

const text = z.string();
const nullableText = z.string().nullable();
const day = z.iso.date().nullable();
const instant = z.iso.datetime({ offset: true });

const ActionSchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('available') }),
  z.strictObject({ status: z.literal('unavailable'), reason: nullableText.optional() }),
]);

const KEY = {
  key_id: z.guid(),
  name: nullableText,
  hidden_key: text,
  created_at: instant.nullable(),
  expiration_date: day,
  actions: z.strictObject({
    rotate: ActionSchema.nullable().optional(),
    delete: ActionSchema.nullable().optional(),
  }),
};

export const CreatedKeySchema = z.strictObject({ ...KEY, key: text });

export const KeyListSchema = z.strictObject({
  keys: z.array(
    z.strictObject({
      ...KEY,
      key: z.null(),
      workspace_id: z.guid().nullable(),
      workspace_name: nullableText,
      created_by: nullableText,
      product: z.enum(['API', 'Mistral Code', 'Vibe']).nullable(),
      last_used: day,
      can_delete: z.boolean().nullable(),
    }),
  ),
});

export const DeletedKeySchema = z.strictObject({ detail: text });

const WORKSPACE = {
  uuid: z.guid(),
  name: text.max(255),
  description: nullableText,
  icon: nullableText,
  is_default: z.boolean(),
  members_count: z.int().nullable().optional(),
  spend_limit: z
    .strictObject({
      value: z.number().nullable(),
      currency: nullableText,
      no_monthly_limit: z.boolean().nullable(),
    })
    .nullable()
    .optional(),
};

export const WorkspacePageSchema = z.strictObject({
  object: z.literal('list').optional(),
  total: z.int(),
  page: z.int(),
  page_size: z.int(),
  items: z.array(z.strictObject(WORKSPACE)),
});

export const CreatedWorkspaceSchema = z.strictObject({
  ...WORKSPACE,
  raw_roles: z.array(text).min(1).optional(),
  raw_role: text.optional(),
});

export const RateLimitSchema = z.strictObject({
  requests_per_second: z.int(),
  tokens_limits_by_model: z.record(
    text,
    z.strictObject({ tokens_per_minute: z.int(), tokens_per_month: z.int() }),
  ),
});

const amount = z.number().nullable().optional();

export const SpendLimitSchema = z.strictObject({
  limits: z.strictObject({
    completion: z.strictObject({
      no_monthly_limit: z.boolean().optional(),
      monthly_limit_reached: z.boolean(),
      usage: amount,
      vibe_usage: amount,
      total_usage: amount,
      usage_limit: amount,
    }),
    last_payment_failure: z.boolean(),
    last_payment_failure_protection: z.boolean().nullable(),
    currency: text,
  }),
});

const RowsSchema = z.record(text, z.record(text, z.array(z.record(text, z.unknown()))));
const models = z.strictObject({ models: RowsSchema });

export const UsageSchema = z.strictObject({
  completion: models,
  ocr: models,
  connectors: models,
  libraries_api: z.strictObject({ pages: models, tokens: models, audio_seconds: models }),
  fine_tuning: z.strictObject({ training: RowsSchema, storage: z.record(text, z.int()) }),
  audio: models,
  audio_characters: models,
  vibe_usage: z.number(),
  vibe_code: z.strictObject({
    completion: models,
    ocr: models,
    connectors: models,
    audio: models,
    audio_characters: models,
  }),
  chat: models,
  date: instant,
  previous_month: nullableText,
  next_month: nullableText,
  start_date: instant,
  end_date: instant,
  currency: nullableText,
  currency_symbol: nullableText,
  prices: z
    .array(
      z.strictObject({
        event_type: nullableText,
        billing_metric: text,
        billing_group: text,
        api_zone: text,
        service_tier: text,
        price: z.union([z.number(), text]),
      }),
    )
    .nullable(),
});

export const ModelListSchema = z.strictObject({
  object: z.literal('list').optional(),
  data: z.array(
    z.strictObject({
      id: text,
      object: z.literal('model').optional(),
      created: z.int().optional(),
      owned_by: text.optional(),
      capabilities: z.record(text, z.boolean()),
      name: nullableText.optional(),
      description: nullableText.optional(),
      max_context_length: z.int().optional(),
      aliases: z.array(text).optional(),
      deprecation: instant.nullable().optional(),
      deprecation_replacement_model: nullableText.optional(),
      default_model_temperature: z.number().nullable().optional(),
      internal: z.boolean().optional(),
      type: z.literal('base'),
    }),
  ),
});

export const ValidationErrorSchema = z.object({
  detail: z
    .array(z.object({ type: text, msg: text, loc: z.array(z.union([text, z.int()])) }))
    .min(1),
});
