import * as z from 'zod';

/** What Mistral accepts in the body of a request: it answers 422 to a field that it does not have. */

export const text = z.strictObject({ type: z.literal('text').default('text'), text: z.string() });
export const imageUrl = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.union([
    z.string(),
    z.strictObject({ url: z.string(), detail: z.enum(['low', 'auto', 'high']).nullish() }),
  ]),
});
export const documentUrl = z.strictObject({
  type: z.literal('document_url'),
  document_url: z.string(),
  document_name: z.string().nullish(),
});
const file = z.strictObject({ type: z.literal('file'), file_id: z.guid() });
const audio = z.strictObject({ type: z.literal('input_audio'), input_audio: z.string() });
const reference = z.strictObject({
  type: z.literal('reference'),
  reference_ids: z.array(z.union([z.int(), z.string()])),
});
export const thinking = z.strictObject({
  type: z.literal('thinking'),
  thinking: z.array(z.union([text, reference])),
  signature: z.string().nullish(),
  closed: z.boolean().optional(),
});
const chunks = z.array(
  z.discriminatedUnion('type', [text, imageUrl, documentUrl, file, audio, reference, thinking]),
);
const content = z.union([z.string(), chunks]).nullable();

const calledFunction = z.strictObject({
  name: z.string(),
  arguments: z.union([z.string(), z.record(z.string(), z.unknown())]),
});
const toolCall = z.strictObject({
  id: z.string().default('null'),
  type: z.literal('function').default('function'),
  function: calledFunction,
  index: z.int().default(0),
});
const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('system'),
    content: z.union([z.string(), z.array(z.union([text, thinking]))]),
  }),
  z.strictObject({ role: z.literal('user'), content }),
  z.strictObject({
    role: z.literal('assistant'),
    content: content.optional(),
    tool_calls: z.array(toolCall).nullish(),
    prefix: z.boolean().optional(),
  }),
  z.strictObject({
    role: z.literal('tool'),
    content,
    tool_call_id: z.string().nullish(),
    name: z.string().nullish(),
  }),
]);
const jsonSchema = z.record(z.string(), z.unknown());
export const tool = z.strictObject({
  type: z.literal('function').default('function'),
  function: z.strictObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: jsonSchema,
    strict: z.boolean().optional(),
  }),
});
export const responseFormat = z.strictObject({
  type: z.enum(['text', 'json_object', 'json_schema']).default('text'),
  json_schema: z
    .strictObject({
      name: z.string(),
      description: z.string().nullish(),
      schema: jsonSchema,
      strict: z.boolean().optional(),
    })
    .nullish(),
});
export const metadata = z.record(z.string(), z.unknown()).nullish();

/** What the requests of all models that write have in common. */
export const GENERATION = {
  model: z.string(),
  max_tokens: z.int().min(0).nullish(),
  stream: z.boolean().default(false),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  temperature: z.number().min(0).max(1.5).nullish(),
  top_p: z.number().positive().max(1).nullish(),
  random_seed: z.int().min(0).nullish(),
  metadata,
  prompt_cache_key: z.string().nullish(),
};

/** Of chat, and of agents. */
export const ASKED = {
  messages: z.array(message),
  n: z.int().positive().nullish(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'any', 'required']),
      z.strictObject({
        type: z.literal('function').default('function'),
        function: z.strictObject({ name: z.string() }),
      }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: responseFormat.optional(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  prediction: z
    .strictObject({ type: z.literal('content').default('content'), content: z.string() })
    .optional(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  prompt_mode: z.literal('reasoning').nullish(),
  guardrails: z.array(z.unknown()).nullish(),
  service_tier: z.enum(['auto', 'standard_only']).nullish(),
};

export const ChatSchema = z.strictObject({
  ...GENERATION,
  ...ASKED,
  tools: z.array(tool).nullish(),
  safe_prompt: z.boolean().optional(),
  document_image_limit: z.int().nullish(),
  document_page_limit: z.int().nullish(),
});
export type Chat = z.infer<typeof ChatSchema>;

export const FimSchema = z.strictObject({
  ...GENERATION,
  prompt: z.string(),
  suffix: z.string().nullish(),
  min_tokens: z.int().min(0).nullish(),
});

export const EmbeddingSchema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  metadata,
  output_dimension: z.int().positive().nullish(),
  output_dtype: z.enum(['float', 'int8', 'uint8', 'binary', 'ubinary']).optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
});

export const ModerationSchema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  metadata,
});

const chat = z.array(message);

export const ChatModerationSchema = z.strictObject({
  model: z.string(),
  input: z.union([chat, z.array(chat)]),
});

const instruct = z.strictObject({ messages: chat });

export const ChatClassificationSchema = z.strictObject({
  model: z.string(),
  input: z.union([instruct, z.array(instruct)]),
});

export const SpeechSchema = z.strictObject({
  model: z.string().nullish(),
  metadata,
  stream: z.boolean().default(false),
  prompt_cache_key: z.string().nullish(),
  voice_id: z.string().nullish(),
  ref_audio: z.string().nullish(),
  input: z.string(),
  response_format: z.enum(['pcm', 'wav', 'mp3', 'flac', 'opus']).default('mp3'),
});

export const OcrSchema = z.strictObject({
  model: z.string(),
  // Nothing discriminates these: a type may be left out.
  document: z.union([
    file.extend({ type: z.literal('file').default('file') }),
    documentUrl.extend({ type: z.literal('document_url').default('document_url') }),
    imageUrl.extend({ type: z.literal('image_url').default('image_url') }),
  ]),
  pages: z.union([z.string(), z.array(z.int())]).nullish(),
  include_image_base64: z.boolean().nullish(),
  include_blocks: z.boolean().optional(),
  image_limit: z.int().nullish(),
  image_min_size: z.int().nullish(),
  bbox_annotation_format: responseFormat.nullish(),
  document_annotation_format: responseFormat.nullish(),
  document_annotation_prompt: z.string().nullish(),
  table_format: z.enum(['markdown', 'html']).nullish(),
  extract_header: z.boolean().optional(),
  extract_footer: z.boolean().optional(),
  confidence_scores_granularity: z.enum(['word', 'page', 'block']).nullish(),
});

interface Shape {
  readonly type?: unknown;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly properties?: unknown;
  readonly items?: unknown;
  readonly anyOf?: unknown;
  readonly $ref?: unknown;
  readonly $defs?: unknown;
}

/** A value that a JSON schema accepts. */
export function sampleOf(schema: Shape, root: Shape = schema): unknown {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return sampleOf((root.$defs as Record<string, Shape> | undefined)?.[name] ?? {}, root);
  }
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return sampleOf(schema.anyOf[0] as Shape, root);
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, Shape>);
      return Object.fromEntries(properties.map(([name, one]) => [name, sampleOf(one, root)]));
    }
    case 'array':
      return [sampleOf((schema.items ?? {}) as Shape, root)];
    case 'integer':
    case 'number':
      return 7;
    case 'boolean':
      return true;
    default:
      return 'word';
  }
}
