/**
 * The members of each object in Mistral's API that a request may have, by the name of its schema; `?` is
 * for those that may be null. A test compares them with the API's description and with the official SDK.
 */
export const MEMBERS = {
  ChatCompletionRequest:
    'model temperature? top_p? max_tokens? stream stop? random_seed? metadata? messages response_format tools? tool_choice presence_penalty? frequency_penalty? n? prediction parallel_tool_calls reasoning_effort? prompt_mode? guardrails? prompt_cache_key? service_tier? safe_prompt',
  AgentsCompletionRequest:
    'max_tokens? stream stop? random_seed? metadata? messages response_format tools? tool_choice presence_penalty? frequency_penalty? n? prediction parallel_tool_calls reasoning_effort? prompt_mode? guardrails? prompt_cache_key? service_tier? agent_id',
  ConversationRequest:
    'inputs stream store? handoff_execution? instructions? tools? completion_args? guardrails? name? description? metadata? agent_id? agent_version? model?',
  ConversationAppendRequest:
    'inputs stream store handoff_execution completion_args tool_confirmations?',
  ConversationRestartRequest:
    'inputs stream store handoff_execution completion_args guardrails? metadata? from_entry_id agent_version?',
  FIMCompletionRequest:
    'model temperature? top_p? max_tokens? stream stop? random_seed? metadata? prompt suffix? min_tokens? prompt_cache_key?',
  EmbeddingRequest: 'model metadata? input output_dimension? output_dtype encoding_format',
  ClassificationRequest: 'model metadata? input',
  ChatModerationRequest: 'input model',
  ChatClassificationRequest: 'model input',
  InstructRequest: 'messages',
  SpeechRequest:
    'model? metadata? stream prompt_cache_key? voice_id? ref_audio? input response_format',
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
  FunctionTool: 'type function',
  WebSearchTool: 'tool_configuration? type',
  WebSearchPremiumTool: 'tool_configuration? type',
  CodeInterpreterTool: 'tool_configuration? type',
  ImageGenerationTool: 'tool_configuration? type',
  CustomConnector: 'type connector_id authorization? tool_configuration?',
  CompletionArgs:
    'stop? presence_penalty? frequency_penalty? temperature? top_p? max_tokens? random_seed? prediction? response_format? tool_choice reasoning_effort?',
  MessageInputEntry: 'object type created_at completed_at? id role content prefix',
  MessageOutputEntry: 'object type created_at completed_at? agent_id? model? id role content',
  FunctionResultEntry: 'object type created_at completed_at? id tool_call_id result',
  FunctionCallEntry:
    'object type created_at completed_at? agent_id? model? id tool_call_id name arguments confirmation_status?',
  ToolExecutionEntry:
    'object type created_at completed_at? agent_id? model? id name arguments info',
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

export type SchemaName = keyof typeof MEMBERS;
