import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { DOCUMENTED, MEMBERS } from '../../../governance/metering/api-members.js';
import { REQUEST_SHAPES } from '../../../governance/metering/request-shapes.js';
import {
  AgentsCompletionSchema,
  AppendSchema,
  ConversationSchema,
  RestartSchema,
} from '../../../testing/fakes/mistral-agent-requests.js';
import {
  ChatClassificationSchema,
  ChatModerationSchema,
  ChatSchema,
  EmbeddingSchema,
  FimSchema,
  ModerationSchema,
  OcrSchema,
  SpeechSchema,
} from '../../../testing/fakes/mistral-requests.js';

/** What the SDK calls otherwise than the API does. */
const RENAMED: Readonly<Record<string, string>> = {
  inputs: 'input',
  schema_definition: 'schema',
  Function: 'FunctionT',
};

/** Mistral's SDK is generated from the description of its API: what it writes is what the API has. */
async function membersInSdk(schema: string): Promise<string[]> {
  const path = `@mistralai/mistralai/models/components/${schema.toLowerCase()}.js`;
  const module = await import(path.replace(/\.js$/, ''));
  const written = module[`${RENAMED[schema] ?? schema}$outboundSchema`];
  const { shape } = written.in ?? written;
  return Object.entries<z.ZodType>(shape).map(([given, field]) => {
    const snake = given.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const name = snake === 'inputs' && schema.startsWith('Conversation') ? snake : RENAMED[snake];
    return (name ?? snake) + (field.safeParse(null).success ? '?' : '');
  });
}

test.each(Object.entries(MEMBERS))(
  '%s has the members that the official SDK writes',
  async (schema, members) => {
    expect(members.split(' ').sort()).toEqual((await membersInSdk(schema)).sort());
  },
);

test.each(Object.entries(DOCUMENTED))(
  'the official SDK does not write yet what %s has beside its members',
  async (schema, members) => {
    const known = await membersInSdk(schema);
    expect(members.split(' ').filter((member) => known.includes(member))).toEqual([]);
  },
);

describe("the stand-in for Mistral and the gateway's rules know the same fields", () => {
  test.each([
    ['/v1/chat/completions', ChatSchema],
    ['/v1/agents/completions', AgentsCompletionSchema],
    ['/v1/conversations', ConversationSchema],
    ['/v1/conversations/{id}', AppendSchema],
    ['/v1/conversations/{id}/restart', RestartSchema],
    ['/v1/fim/completions', FimSchema],
    ['/v1/embeddings', EmbeddingSchema],
    ['/v1/moderations', ModerationSchema],
    ['/v1/classifications', ModerationSchema],
    ['/v1/chat/moderations', ChatModerationSchema],
    ['/v1/chat/classifications', ChatClassificationSchema],
    ['/v1/audio/speech', SpeechSchema],
    ['/v1/ocr', OcrSchema],
  ])('%s', (path, { shape }) => {
    const known = REQUEST_SHAPES.get(path)?.members.keys() ?? [];
    expect([...known].sort()).toEqual(Object.keys(shape).sort());
  });
});
