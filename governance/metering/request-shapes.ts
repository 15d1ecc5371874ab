/** What a value of a request may be. Of all else, such as numbers and their ranges, Mistral judges. */
export type Shape = 'anything' | 'text' | ListShape | TextOr | ObjectShape | TaggedShape;

interface ListShape {
  readonly is: 'list';
  readonly of: Shape;
}

/** A text, or something else that says more. */
interface TextOr {
  readonly is: 'text or';
  readonly other: Shape;
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

/**
 * The members of each object in Mistral's API that a request may have, by the name of its schema; `?` is
 * for those that may be null. A test compares them with the API's description and with the official SDK.
 */
export const MEMBERS = {
  ChatCompletionRequest:
    'model temperature? top_p? max_tokens? stream stop? random_seed? metadata? messages response_format tools? tool_choice presence_penalty? frequency_penalty? n? prediction parallel_tool_calls reasoning_effort? prompt_mode? guardrails? prompt_cache_key? service_tier? safe_prompt',
  FIMCompletionRequest:
    'model temperature? top_p? max_tokens? stream stop? random_seed? metadata? prompt suffix? min_tokens? prompt_cache_key?',
  EmbeddingRequest: 'model metadata? input output_dimension? output_dtype encoding_format',
  ClassificationRequest: 'model metadata? input',
  OCRRequest:
    'model? document pages? include_image_base64? image_limit? image_min_size? bbox_annotation_format? document_annotation_format? document_annotation_prompt? table_format? extract_header extract_footer include_blocks confidence_scores_granularity?',
  SystemMessage: 'role content',
  UserMessage: 'role content?',
  AssistantMessage: 'role content? tool_calls? prefix',
  ToolMessage: 'role content? tool_call_id? name?',
  ToolCall: 'id type function index',
  FunctionCall: 'name arguments',
  Tool: 'type function',
  Function: 'name description strict parameters',
  ToolChoice: 'type function',
  FunctionName: 'name',
  TextChunk: 'type text',
  ImageURLChunk: 'type image_url',
  ImageURL: 'url detail?',
  DocumentURLChunk: 'type document_url document_name?',
  FileChunk: 'type file_id',
  ReferenceChunk: 'type reference_ids',
  ThinkChunk: 'type thinking signature? closed',
  AudioChunk: 'type input_audio',
  ToolReferenceChunk: 'type tool title url? favicon? description?',
  ResponseFormat: 'type json_schema?',
  JsonSchema: 'name description? schema strict',
  Prediction: 'type content',
} as const;

/** Fields of a request that Mistral's pages and clients have, and the description of its API has not. */
export const DOCUMENTED: Readonly<Partial<Record<SchemaName, string>>> = {
  ChatCompletionRequest: 'document_image_limit? document_page_limit?',
};

type Inner = Readonly<Record<string, Shape>>;
type SchemaName = keyof typeof MEMBERS;

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

const CONTENT = textOr(
  list(
    parts(
      {
        text: TEXT,
        image_url: IMAGE,
        document_url: DOCUMENT,
        file: FILE,
        reference: REFERENCE,
        thinking: THINKING,
        input_audio: closed('AudioChunk', { input_audio: 'text' }),
      },
      'may pass',
    ),
  ),
);

/** What OpenAI's SDKs send back of an answer. */
const OF_ANSWERS: ReadonlySet<string> = new Set([
  'refusal',
  'annotations',
  'audio',
  'function_call',
]);

function message(schema: SchemaName, inner: Inner = {}): ObjectShape {
  return { ...open(schema, { content: CONTENT, ...inner }), droppedIfIdle: OF_ANSWERS };
}

const MESSAGES = list({
  is: 'tagged',
  tag: 'role',
  kinds: new Map([
    ['system', message('SystemMessage')],
    ['user', message('UserMessage')],
    [
      'assistant',
      message('AssistantMessage', {
        tool_calls: list(open('ToolCall', { function: open('FunctionCall') })),
      }),
    ],
    ['tool', message('ToolMessage')],
  ]),
  usual: saysItself,
  others: 'may pass',
});

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
