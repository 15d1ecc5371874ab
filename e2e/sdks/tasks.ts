/** What a client is asked to do; the same for those of npm and of PyPI. */
export interface SdkTask {
  readonly client: SdkClient;
  readonly call: SdkCall;
  /** The address of the server, without `/v1`. */
  readonly url: string;
  /** With the caller's identity. */
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  readonly maxTokens: number;
  readonly prompt: string;
}

export const NPM_CLIENTS = ['npm mistralai', 'npm openai', 'npm ai-sdk'] as const;
export const PYPI_CLIENTS = [
  'pypi mistralai',
  'pypi openai',
  'pypi langchain',
  'pypi litellm',
] as const;
export const CLIENTS: readonly SdkClient[] = [...NPM_CLIENTS, ...PYPI_CLIENTS];
export type NpmClient = (typeof NPM_CLIENTS)[number];
export type SdkClient = NpmClient | (typeof PYPI_CLIENTS)[number];

export type SdkCall =
  | 'models'
  | 'chat'
  | 'stream'
  | 'tools'
  | 'structured'
  | 'image'
  | 'embeddings'
  | 'fim'
  | 'fim-stream'
  | 'ocr'
  | 'moderation'
  | 'chat-moderation'
  | 'classification'
  | 'chat-classification'
  | 'speech'
  | 'speech-stream'
  | 'openai-fields'
  | 'openai-nulls';

const COMMON = ['chat', 'stream', 'tools', 'structured', 'image', 'embeddings'] as const;
const MISTRAL: readonly SdkCall[] = [
  ...COMMON,
  'models',
  'fim',
  'fim-stream',
  'ocr',
  'moderation',
  'chat-moderation',
  'classification',
  'chat-classification',
  'speech',
  'speech-stream',
];
const OPENAI = [...COMMON, 'models', 'moderation', 'openai-fields', 'openai-nulls'] as const;

export const CALLS: Readonly<Record<SdkClient, readonly SdkCall[]>> = {
  'npm mistralai': MISTRAL,
  'pypi mistralai': MISTRAL,
  'npm openai': OPENAI,
  'pypi openai': OPENAI,
  'npm ai-sdk': COMMON,
  'pypi langchain': COMMON,
  'pypi litellm': COMMON,
};

/** What came of it, in the same words for every client. */
export type SdkOutcome =
  | {
      readonly kind: 'answered';
      readonly text?: string;
      /** Of a stream, how many pieces of text came. */
      readonly pieces?: number;
      /** Of a called tool, or as asked for by a schema. */
      readonly json?: unknown;
      readonly count?: number;
      readonly models?: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly status: number | null;
      /** All that the client's error says. */
      readonly said: string;
    };

/** Runs a call as a session of an IAM role, which is its own unless `headers` say otherwise. */
export type Run = (
  client: SdkClient,
  call: SdkCall,
  role: string,
  changes?: Partial<Omit<SdkTask, 'client' | 'call'>>,
) => Promise<
  (SdkOutcome | { readonly kind: 'late' }) & { readonly caller: string; readonly endedAtMs: number }
>;

/** What was expected, and what came instead. */
export interface Fault {
  readonly expected: string;
  readonly [given: string]: unknown;
}

export const SMALL = 'mistral-small-latest';
export const LARGE = 'mistral-large-latest';
/** No client may sleep longer than this, nor send a refused request more often than this. */
export const LONGEST_SLEEP_SECONDS = 60;
export const MOST_REQUESTS = 3;
/** When a call that has not ended counts as one that never does: two such sleeps, and some more. */
export const LIMIT_SECONDS = 150;

/** One grey pixel. */
export const IMAGE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';
export const VOICE = 'a-voice';
export const DOCUMENT = 'https://example.com/report.pdf';
/** For clients that retry only if configured to: their own defaults, which go on for an hour. */
export const BACKOFF = {
  initialInterval: 500,
  maxInterval: 60_000,
  exponent: 1.5,
  maxElapsedTime: 3_600_000,
};
