import { isObject } from '../platform/json.js';
import type { MeteredKind } from './endpoints.js';

/** OpenAI's fields that Mistral has under another name, or has not: it answers 422 to those. */
export interface Spellings {
  /** To the name that Mistral has for the same. */
  readonly renamed: ReadonlyMap<string, string>;
  /** An answer without them is the same answer. */
  readonly dropped: ReadonlySet<string>;
  /** Dropped where they ask for nothing; otherwise Mistral says that it does not have them. */
  readonly droppedIfIdle: ReadonlySet<string>;
  /** Names that are never sent elsewhere, and that this endpoint is about. */
  readonly meant: ReadonlySet<string>;
}

const NONE: Spellings = {
  renamed: new Map(),
  dropped: new Set(),
  droppedIfIdle: new Set(),
  meant: new Set(),
};
/** For OpenAI's own records of who asked. */
const ABOUT_THE_USER = ['user', 'safety_identifier'];

const GENERATION: Spellings = {
  renamed: new Map([
    ['max_completion_tokens', 'max_tokens'],
    ['seed', 'random_seed'],
  ]),
  // Mistral reports usage at the end of a stream without being asked.
  dropped: new Set([...ABOUT_THE_USER, 'stream_options', 'store', 'prompt_cache_retention']),
  droppedIfIdle: new Set(['logprobs', 'top_logprobs', 'logit_bias', 'functions']),
  meant: new Set(),
};
const OF_A_TURN = ['completion_args', 'handoff_execution'];

const SPELLINGS: Readonly<Record<MeteredKind, Spellings>> = {
  generation: GENERATION,
  agent: { ...GENERATION, meant: new Set(['agent_id']) },
  'conversation-start': { ...NONE, meant: new Set(['agent_id', ...OF_A_TURN]) },
  'conversation-turn': { ...NONE, meant: new Set(OF_A_TURN) },
  texts: {
    ...NONE,
    renamed: new Map([['dimensions', 'output_dimension']]),
    dropped: new Set(ABOUT_THE_USER),
  },
  ocr: NONE,
  // OpenAI's `voice` is no voice of Mistral's, and says so.
  speech: NONE,
  transcription: NONE,
};

export function spellingsOf(kind: MeteredKind): Spellings {
  return SPELLINGS[kind];
}

export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** `false`, `0`, `{}` and `[]`. `null`, which says that a field is not set, is dropped of every field. */
export function isIdle(value: unknown): boolean {
  return value === false || value === 0 || (isObject(value) && Object.keys(value).length === 0);
}
