import { DOCUMENTED, MEMBERS, type SchemaName } from './api-members.js';

/** What a value of a request may be. Of all else, such as numbers and their ranges, Mistral judges. */
export type Shape =
  | 'anything'
  | 'text'
  | ListShape
  | TextOr
  | OneOrMore
  | ObjectShape
  | TaggedShape;

interface ListShape {
  readonly is: 'list';
  readonly of: Shape;
}

/** A text, or something else that says more. */
interface TextOr {
  readonly is: 'text or';
  readonly other: Shape;
}

/** One, or a list of them; of lists, a list of lists. */
interface OneOrMore {
  readonly is: 'one or more';
  readonly of: Shape;
}

export interface ObjectShape {
  readonly is: 'object';
  readonly members: ReadonlyMap<string, Shape>;
  /** Members that may be null: all others are left out if they are, which means the same. */
  readonly nullable: ReadonlySet<string>;
  /** Of OpenAI's objects: left out where they are empty. */
  readonly droppedIfIdle: ReadonlySet<string>;
  /** Whether the policy may let members pass that are not in the schema. */
  readonly isOpen: boolean;
}

/** One of several objects: a member says which. */
interface TaggedShape {
  readonly is: 'tagged';
  readonly tag: string;
  readonly kinds: ReadonlyMap<string, ObjectShape>;
  /** The kind of an object that does not say, where the API tells it then. */
  readonly usual: (value: Readonly<Record<string, unknown>>) => string | undefined;
  /** Whether the policy may let other kinds pass, and why not. */
  readonly others: 'may pass' | string;
}

type Inner = Readonly<Record<string, Shape>>;

function closed(schema: SchemaName, inner: Inner = {}): ObjectShape {
  const given = `${MEMBERS[schema]} ${DOCUMENTED[schema] ?? ''}`.trim().split(' ');
  return {
    is: 'object',
    members: new Map(given.map(plainName).map((name) => [name, inner[name] ?? 'anything'])),
    nullable: new Set(given.filter((name) => name.endsWith('?')).map(plainName)),
    droppedIfIdle: NONE,
    isOpen: false,
  };
}

function open(schema: SchemaName, inner: Inner = {}): ObjectShape {
  return { ...closed(schema, inner), isOpen: true };
}

function plainName(name: string): string {
  return name.replace('?', '');
}

const list = (of: Shape): Shape => ({ is: 'list', of });
const textOr = (other: Shape): Shape => ({ is: 'text or', other });
const oneOrMore = (of: Shape): Shape => ({ is: 'one or more', of });
const NONE: ReadonlySet<string> = new Set();

// What its bytes bound, or `media.ts`: a part that could hide another one in it would cost more.
const TEXT = closed('TextChunk', { text: 'text' });
const IMAGE = closed('ImageURLChunk', { image_url: textOr(closed('ImageURL', { url: 'text' })) });
const DOCUMENT = closed('DocumentURLChunk', { document_url: 'text' });
const FILE = closed('FileChunk', { file_id: 'text' });
const REFERENCE = closed('ReferenceChunk');

const saysItself = () => undefined;

function parts(
  kinds: Readonly<Record<string, ObjectShape>>,
  others: TaggedShape['others'],
  usual: TaggedShape['usual'] = saysItself,
): Shape {
  return { is: 'tagged', tag: 'type', kinds: new Map(Object.entries(kinds)), usual, others };
}

/** The kind that has a member which no other kind has: the API asks for no `type` where nothing else discriminates. */
function kindBy(members: Readonly<Record<string, string>>): TaggedShape['usual'] {
  const known = Object.entries(members);
  return (value) => known.find(([member]) => (value[member] ?? null) !== null)?.[1];
}

/** What the document of OCR is, also where it does not say. */
export const documentKind = kindBy({
  file_id: 'file',
  document_url: 'document_url',
  image_url: 'image_url',
});

const THINKING = closed('ThinkChunk', {
  thinking: list(
    parts(
      { text: TEXT, tool_reference: closed('ToolReferenceChunk'), reference: REFERENCE },
      'thoughts have no other parts',
      kindBy({ text: 'text', reference_ids: 'reference', tool: 'tool_reference' }),
    ),
  ),
});

/** Parts whose bytes and number bound them. */
const BOUNDED = { text: TEXT, image_url: IMAGE, reference: REFERENCE, thinking: THINKING };
const CONTENT = textOr(
  list(
    parts(
      {
        ...BOUNDED,
        document_url: DOCUMENT,
        file: FILE,
        input_audio: closed('AudioChunk', { input_audio: 'text' }),
      },
      'may pass',
    ),
  ),
);
const CLASSIFIED = textOr(list(parts(BOUNDED, 'nothing else is classified')));

/** What OpenAI's SDKs send back of an answer. */
const OF_ANSWERS: ReadonlySet<string> = new Set([
  'refusal',
  'annotations',
  'audio',
  'function_call',
]);

const TOOL_CALLS = list(open('ToolCall', { function: open('FunctionCall') }));

function messages(content: Shape): Shape {
  const message = (schema: SchemaName, inner: Inner = {}): ObjectShape => ({
    ...open(schema, { content, ...inner }),
    droppedIfIdle: OF_ANSWERS,
  });
  return list({
    is: 'tagged',
    tag: 'role',
    kinds: new Map([
      ['system', message('SystemMessage')],
      ['user', message('UserMessage')],
      ['assistant', message('AssistantMessage', { tool_calls: TOOL_CALLS })],
      ['tool', message('ToolMessage')],
    ]),
    usual: saysItself,
    others: 'may pass',
  });
}

const MESSAGES = messages(CONTENT);
const CHAT = messages(CLASSIFIED);

const TOOLS = list({
  is: 'tagged',
  tag: 'type',
  kinds: new Map([['function', closed('Tool', { function: closed('Function') })]]),
  usual: () => 'function',
  others: 'tools of other types run at Mistral and cannot be metered',
});

const RESPONSE_FORMAT = open('ResponseFormat', { json_schema: open('JsonSchema') });
const TEXTS = textOr(list('text'));

/** By path. */
export const REQUEST_SHAPES: ReadonlyMap<string, ObjectShape> = new Map([
  [
    '/v1/chat/completions',
    open('ChatCompletionRequest', {
      messages: MESSAGES,
      tools: TOOLS,
      tool_choice: textOr(closed('ToolChoice', { function: closed('FunctionName') })),
      response_format: RESPONSE_FORMAT,
      prediction: open('Prediction', { content: 'text' }),
    }),
  ],
  ['/v1/fim/completions', open('FIMCompletionRequest', { prompt: 'text', suffix: 'text' })],
  ['/v1/embeddings', open('EmbeddingRequest', { input: TEXTS })],
  ['/v1/moderations', open('ClassificationRequest', { input: TEXTS })],
  ['/v1/classifications', open('ClassificationRequest', { input: TEXTS })],
  ['/v1/chat/moderations', open('ChatModerationRequest', { input: oneOrMore(CHAT) })],
  [
    '/v1/chat/classifications',
    open('ChatClassificationRequest', {
      input: oneOrMore(open('InstructRequest', { messages: CHAT })),
    }),
  ],
  ['/v1/audio/speech', open('SpeechRequest', { input: 'text', ref_audio: 'text' })],
  [
    '/v1/ocr',
    open('OCRRequest', {
      document: parts(
        { document_url: DOCUMENT, image_url: IMAGE, file: FILE },
        'nothing else bounds its pages',
        documentKind,
      ),
      bbox_annotation_format: RESPONSE_FORMAT,
      document_annotation_format: RESPONSE_FORMAT,
    }),
  ],
]);
