import type { Acknowledged } from '../oracle.js';

export const ACKNOWLEDGED: readonly Acknowledged[] = [
  {
    topic: 'fields of OpenAI in what callers send',
    at: /with the caller: POST \/v1\/(chat|fim)\/completions$/,
    what: /^request\.body: .*found '(stream_options|max_completion_tokens|seed|user|store|logit_bias|logprobs|top_logprobs|service_tier|reasoning_effort)'/,
    reason: 'the SDKs of OpenAI send them, and Mistral gets none of them',
  },
  {
    topic: 'null in what callers send',
    at: /with the caller: POST \/v1\/chat\/completions$/,
    what: /^request\.body\.(top_p|stream|stop|presence_penalty|frequency_penalty|reasoning_effort): .*must (be|match)/,
    reason: 'an SDK of OpenAI that is given null sends it, and Mistral gets none',
  },
  {
    topic: 'embeddings in base64',
    at: /POST \/v1\/embeddings$/,
    what: /^response\.body\.data\.\*\.embedding: .*must (be array|be null|match a schema in anyOf)$/,
    reason:
      'the SDKs of OpenAI ask for it by `encoding_format`, which the document allows, but not the answer',
  },
  {
    topic: '`data` in completions',
    at: /POST \/v1\/(chat|fim)\/completions$/,
    what: /^response\.body: .*must have required property 'data'$/,
    reason: 'the document requires it, and no answer of Mistral has it',
  },
];
