import * as z from 'zod';
import {
  ASKED,
  documentUrl,
  GENERATION,
  imageUrl,
  metadata,
  responseFormat,
  text,
  thinking,
  tool,
} from './mistral-requests.js';

// What Mistral accepts of agents and conversations.

const { model: _, temperature: __, top_p: ___, ...GENERATION_OF_AGENT } = GENERATION;

const configured = { tool_configuration: z.record(z.string(), z.unknown()).nullish() };
const toolsOfAgent = z.array(
  z.discriminatedUnion('type', [
    tool.extend({ type: z.literal('function') }),
    z.strictObject({ ...configured, type: z.literal('web_search') }),
    z.strictObject({ ...configured, type: z.literal('web_search_premium') }),
    z.strictObject({ ...configured, type: z.literal('code_interpreter') }),
    z.strictObject({ ...configured, type: z.literal('image_generation') }),
    z.strictObject({
      ...configured,
      type: z.literal('connector'),
      connector_id: z.string(),
      authorization: z.record(z.string(), z.string()).nullish(),
    }),
  ]),
);

export const AgentsCompletionSchema = z.strictObject({
  ...GENERATION_OF_AGENT,
  ...ASKED,
  agent_id: z.string(),
  tools: toolsOfAgent.nullish(),
});

const instant = { created_at: z.string().optional(), completed_at: z.string().nullish() };
const entryOf = { object: z.literal('entry').optional(), id: z.string().optional(), ...instant };
const contentOfEntry = z.union([
  z.string(),
  z.array(z.discriminatedUnion('type', [text, imageUrl, documentUrl, thinking])),
]);
const byModel = { agent_id: z.string().nullish(), model: z.string().nullish() };
const entry = z.discriminatedUnion('type', [
  z.strictObject({
    ...entryOf,
    type: z.literal('message.input'),
    role: z.enum(['user', 'assistant']),
    content: contentOfEntry,
    prefix: z.boolean().optional(),
  }),
  z.strictObject({
    ...entryOf,
    ...byModel,
    type: z.literal('message.output'),
    role: z.literal('assistant').optional(),
    content: contentOfEntry,
  }),
  z.strictObject({
    ...entryOf,
    type: z.literal('function.result'),
    tool_call_id: z.string(),
    result: z.string(),
  }),
  z.strictObject({
    ...entryOf,
    ...byModel,
    type: z.literal('function.call'),
    tool_call_id: z.string(),
    name: z.string(),
    arguments: z.union([z.string(), z.record(z.string(), z.unknown())]),
    confirmation_status: z.string().nullish(),
  }),
  z.strictObject({
    ...entryOf,
    ...byModel,
    type: z.literal('tool.execution'),
    name: z.string(),
    arguments: z.string(),
    info: z.record(z.string(), z.unknown()).optional(),
  }),
]);
export type Entry = z.infer<typeof entry>;

const TURN = {
  inputs: z.union([z.string(), z.array(entry)]),
  stream: z.boolean().optional(),
  store: z.boolean().nullish(),
  handoff_execution: z.enum(['client', 'server']).nullish(),
  completion_args: z
    .strictObject({
      stop: z.union([z.string(), z.array(z.string())]).nullish(),
      presence_penalty: z.number().min(-2).max(2).nullish(),
      frequency_penalty: z.number().min(-2).max(2).nullish(),
      temperature: z.number().min(0).max(1).nullish(),
      top_p: z.number().min(0).max(1).nullish(),
      max_tokens: z.int().min(0).nullish(),
      random_seed: z.int().min(0).nullish(),
      prediction: z.unknown().optional(),
      response_format: responseFormat.nullish(),
      tool_choice: z.enum(['auto', 'none', 'any', 'required']).optional(),
      reasoning_effort: z.string().nullish(),
    })
    .nullish(),
};

export const ConversationSchema = z.strictObject({
  ...TURN,
  instructions: z.string().nullish(),
  tools: toolsOfAgent.nullish(),
  guardrails: z.array(z.unknown()).nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  metadata,
  agent_id: z.string().nullish(),
  agent_version: z.union([z.string(), z.int()]).nullish(),
  model: z.string().nullish(),
});

export const AppendSchema = z.strictObject({
  ...TURN,
  inputs: TURN.inputs.optional(),
  tool_confirmations: z.array(z.unknown()).nullish(),
});

export const RestartSchema = z.strictObject({
  ...TURN,
  inputs: TURN.inputs.optional(),
  guardrails: z.array(z.unknown()).nullish(),
  metadata,
  from_entry_id: z.string(),
  agent_version: z.union([z.string(), z.int()]).nullish(),
});

export type Turn = z.infer<typeof AppendSchema>;
