import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { command } from '../../e2e/commands.js';
import type { Tools } from '../../e2e/tools.js';

/** Mistral's own document, at a commit of its public repository, under the Apache License 2.0. */
const COMMIT = '222f4ba9114f84ce9f2d718b9a12fbac1e527f4b';
const HOME = `https://raw.githubusercontent.com/mistralai/platform-docs-public/${COMMIT}/openapi.yaml`;
const SHA256 = '12b372ae20e9ceadc1dd2336a6651c7e3f301e1bee926ed6cc95d547eea34423';
/** Names a copy of it where the repository is not to be reached. */
const COPY = 'MISTRAL_OPENAPI';
const { env } = process;
const WITHIN_MS = 10_000;

const ContentSchema = z.record(z.string(), z.looseObject({ schema: z.unknown().optional() }));
const OperationSchema = z.looseObject({
  requestBody: z.looseObject({ content: ContentSchema }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: ContentSchema.optional() })),
});
const DocumentSchema = z.looseObject({
  info: z.looseObject({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
type Operation = z.infer<typeof OperationSchema>;
const SchemaSchema = z.looseObject({
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
type Resolve = (schema: unknown) => z.infer<typeof SchemaSchema>;

export interface MistralDocument {
  /** For people. */
  readonly source: string;
  /** As it is checked against. */
  readonly document: z.infer<typeof DocumentSchema>;
  /** Of an answer's events, by method and path of the document. */
  readonly events: ReadonlyMap<string, unknown>;
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);
const EVENTS = 'text/event-stream';

/** The document from its home or a copy; where neither is to be had, as the official SDK carries it. */
export async function mistralDocument(tools: Tools, cache: string): Promise<MistralDocument> {
  const published = await publishedDocument(cache);
  if (published !== undefined) {
    const source = `Mistral's OpenAPI document of commit ${COMMIT.slice(0, 8)}`;
    return prepared(source, parse(published));
  }
  const { stdout } = await command(tools.python, [join(import.meta.dirname, 'openapi_of_sdk.py')], {
    ...env,
    PYTHONPATH: tools.packages,
  });
  const carried: unknown = JSON.parse(stdout, (_, value) => withoutOtherFields(value));
  const { version } = DocumentSchema.parse(carried).info;
  return prepared(
    `Mistral's OpenAPI document as its SDK carries it (mistralai ${version})`,
    carried,
  );
}

async function publishedDocument(cache: string): Promise<string | undefined> {
  const copy = env[COPY];
  if (copy !== undefined) return checked(readFileSync(copy, 'utf8'), copy);
  const cached = join(cache, `${SHA256}.yaml`);
  if (existsSync(cached)) return checked(readFileSync(cached, 'utf8'), cached);
  try {
    const answer = await fetch(HOME, { signal: AbortSignal.timeout(WITHIN_MS) });
    if (!answer.ok) return undefined;
    const text = checked(await answer.text(), HOME);
    mkdirSync(cache, { recursive: true });
    writeFileSync(cached, text);
    return text;
  } catch (error) {
    if (error instanceof WrongDocument) throw error;
    return undefined; // no way there from here
  }
}

class WrongDocument extends Error {}

function checked(text: string, from: string): string {
  const hash = createHash('sha256').update(text).digest('hex');
  if (hash === SHA256) return text;
  throw new WrongDocument(`${from} is another document: its SHA-256 is ${hash}, not ${SHA256}`);
}

/** The SDK's models take any field; Mistral's document has only its own in what it is sent. */
function withoutOtherFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('properties' in value)) return value;
  return 'additionalProperties' in value ? value : { ...value, additionalProperties: false };
}

/** One operation for a path of HTTP, and the events of streams apart: no proxy parses them. */
function prepared(source: string, given: unknown): MistralDocument {
  const document = DocumentSchema.parse(given);
  const events = new Map<string, unknown>();
  const resolve: Resolve = (schema) => {
    const parsed = SchemaSchema.parse(schema);
    const name = parsed.$ref?.split('/').at(-1);
    return name === undefined ? parsed : resolve(document.components.schemas[name]);
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, item] of Object.entries(document.paths)) {
    const [plain = path] = path.split('#');
    const into = paths[plain] ?? {};
    paths[plain] = into;
    for (const [name, value] of Object.entries(item)) {
      if (!METHODS.has(name)) {
        into[name] ??= value;
        continue;
      }
      const operation = OperationSchema.parse(value);
      const event = operation.responses['200']?.content?.[EVENTS]?.schema;
      if (event !== undefined) events.set(`${name.toUpperCase()} ${plain}`, event);
      const other = OperationSchema.safeParse(into[name]).data;
      into[name] = other ? both(other, operation, resolve) : withAnyEvents(operation);
    }
  }
  return { source, document: { ...document, paths }, events };
}

/** Of an endpoint's whole answer and its stream: their bodies differ in `stream` alone. */
function both(one: Operation, other: Operation, resolve: Resolve): Operation {
  const bodies = Object.entries(one.requestBody?.content ?? {}).map(([media, { schema }]) => {
    const { properties } = resolve(schema);
    const either = { ...properties, stream: { type: ['boolean', 'string', 'null'] } };
    return [media, { schema: { ...resolve(schema), properties: either } }] as const;
  });
  const { responses } = one;
  const content = { ...other.responses['200']?.content, ...responses['200']?.content };
  const requestBody = { ...one.requestBody, content: Object.fromEntries(bodies) };
  return withAnyEvents({
    ...one,
    ...(bodies.length > 0 && { requestBody }),
    responses: { ...responses, 200: { description: '', ...responses['200'], content } },
  });
}

/** With the member that the gateway adds to the cards of models. */
export function withOurs(document: MistralDocument['document']): MistralDocument['document'] {
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => {
    const { properties } = SchemaSchema.parse(schema);
    if (properties?.capabilities === undefined) return [name, schema];
    return [name, { ...(schema as object), properties: { ...properties, governance: {} } }];
  });
  const components = { ...document.components, schemas: Object.fromEntries(schemas) };
  return { ...document, components };
}

function withAnyEvents(operation: Operation): Operation {
  const answer = operation.responses['200'];
  if (answer?.content?.[EVENTS] === undefined) return operation;
  const content = { ...answer.content, [EVENTS]: { schema: { type: 'string' } } };
  return { ...operation, responses: { ...operation.responses, 200: { ...answer, content } } };
}
