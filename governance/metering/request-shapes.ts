import type { SchemaName } from './api-members.js';
import {
  closed,
  kindBy,
  list,
  type ObjectShape,
  oneOrMore,
  open,
  parts,
  type Shape,
  saysItself,
  textOr,
} from './shapes.js';

/** A conversation's id stands in it, which no shape depends on. */
export const APPEND_PATH = '/v1/conversations/{id}';
export const RESTART_PATH = '/v1/conversations/{id}/restart';

// What its bytes bound, or `media.ts`: a part that could hide another one in it would cost more.
const TEXT = closed('TextChunk', { text: 'text' });
const IMAGE = closed('ImageURLChunk', { image_url: textOr(closed('ImageURL', { url: 'text' })) });
const DOCUMENT = closed('DocumentURLChunk', { document_url: 'text' });
const FILE = closed('FileChunk', { file_id: 'text' });
const REFERENCE = closed('ReferenceChunk');

const TOOL_REFERENCE = closed('ToolReferenceChunk');

/** What the document of OCR is, also where it does not say. */
export const documentKind = kindBy({
  file_id: 'file',
  document_url: 'document_url',
  image_url: 'image_url',
});

const THINKING = closed('ThinkChunk', {
  thinking: list(
    parts(
      { text: TEXT, tool_reference: TOOL_REFERENCE, reference: REFERENCE },
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

const CONTENT_OF_ENTRY = textOr(
  list(
    parts(
      { ...BOUNDED, document_url: DOCUMENT, tool_reference: TOOL_REFERENCE },
      'files are of the whole workspace, and nothing else is taken into a conversation',
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

const TOOL_CALLS = list(open('ToolCall', { function: open('FunctionCall') }));

function messages(content: Shape): Shape {
  const message = (
    schema: SchemaName,
    inner: Readonly<Record<string, Shape>> = {},
  ): ObjectShape => ({
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

/** Run by Mistral, each call of which has a price. */
const AT_MISTRAL = {
  web_search: closed('WebSearchTool'),
  web_search_premium: closed('WebSearchPremiumTool'),
  code_interpreter: closed('CodeInterpreterTool'),
  image_generation: closed('ImageGenerationTool'),
  connector: closed('CustomConnector'),
};

function toolsOf(functions: ObjectShape): Shape {
  return list({
    is: 'tagged',
    tag: 'type',
    kinds: new Map(Object.entries({ function: functions, ...AT_MISTRAL })),
    usual: () => 'function',
    others: 'libraries have documents of the whole workspace, and other tools cannot be metered',
  });
}

/** What is in a conversation. A handoff would go on with an agent that the policy may not know. */
const ENTRIES = textOr(
  list(
    parts(
      {
        'message.input': open('MessageInputEntry', { content: CONTENT_OF_ENTRY }),
        'message.output': open('MessageOutputEntry', { content: CONTENT_OF_ENTRY }),
        'function.result': open('FunctionResultEntry', { result: 'text' }),
        'function.call': open('FunctionCallEntry'),
        'tool.execution': open('ToolExecutionEntry'),
      },
      'nothing else is taken into a conversation',
      kindBy({
        result: 'function.result',
        tool_call_id: 'function.call',
        arguments: 'tool.execution',
        content: 'message.input',
      }),
    ),
  ),
);

const RESPONSE_FORMAT = open('ResponseFormat', { json_schema: open('JsonSchema') });
const TEXTS = textOr(list('text'));

const TURN = {
  inputs: ENTRIES,
  completion_args: open('CompletionArgs', { response_format: RESPONSE_FORMAT }),
  handoff_execution: 'text',
} as const;

/** Of chat, and of agents. */
const ASKED = {
  messages: MESSAGES,
  tool_choice: textOr(closed('ToolChoice', { function: closed('FunctionName') })),
  response_format: RESPONSE_FORMAT,
  prediction: open('Prediction', { content: 'text' }),
} as const;

/** By path. */
export const REQUEST_SHAPES: ReadonlyMap<string, ObjectShape> = new Map([
  ['/v1/chat/completions', open('ChatCompletionRequest', { ...ASKED, tools: TOOLS })],
  [
    '/v1/agents/completions',
    open('AgentsCompletionRequest', {
      ...ASKED,
      agent_id: 'text',
      tools: toolsOf(closed('Tool', { function: closed('Function') })),
    }),
  ],
  [
    '/v1/conversations',
    open('ConversationRequest', {
      ...TURN,
      agent_id: 'text',
      instructions: 'text',
      tools: toolsOf(closed('FunctionTool', { function: closed('Function') })),
    }),
  ],
  [APPEND_PATH, open('ConversationAppendRequest', TURN)],
  [RESTART_PATH, open('ConversationRestartRequest', { ...TURN, from_entry_id: 'text' })],
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
