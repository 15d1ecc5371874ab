import { CALLER_HEADER } from '../plain-server.js';
import { callerOf } from './account.js';
import { CALLS, CLIENTS, type Fault, FILE, type Run, type SdkCall, SMALL } from './tasks.js';

const WORDS = 'word word word';
const text = WORDS;
const json = { city: 'word', days: 7 };

interface Expected {
  /** That the call is for. */
  readonly endpoints: readonly string[];
  readonly model: string;
  /** What the stand-in for Mistral answers. */
  readonly answer: object;
}

const CHAT = 'POST /v1/chat/completions';
const FIM = 'POST /v1/fim/completions';
const TRANSCRIPTION = 'POST /v1/audio/transcriptions';
const VOXTRAL = 'voxtral-mini-2602';
const AGENTS = 'POST /v1/agents/completions';
const FILES = [
  ...['POST /v1/files', 'GET /v1/files', 'GET /v1/files/{id}', 'GET /v1/files/{id}/content'],
  ...['GET /v1/files/{id}/url', 'DELETE /v1/files/{id}'],
];
const CONVERSATIONS = [
  ...['POST /v1/conversations', 'GET /v1/conversations', 'GET /v1/conversations/{id}'],
  ...['GET /v1/conversations/{id}/history', 'GET /v1/conversations/{id}/messages'],
  ...['POST /v1/conversations/{id}', 'POST /v1/conversations/{id}/restart'],
  'DELETE /v1/conversations/{id}',
];
const MODERATION = 'mistral-moderation-2603';
const SPEECH = 'voxtral-mini-tts-2603';

/** A call of a new endpoint joins here, in `CALLS` of the clients that have it, and in their own files. */
export const EXPECTED: Readonly<Record<SdkCall, Expected>> = {
  models: { endpoints: ['GET /v1/models'], model: SMALL, answer: {} },
  chat: { endpoints: [CHAT], model: SMALL, answer: { text } },
  stream: { endpoints: [CHAT], model: SMALL, answer: { text, pieces: 3 } },
  tools: { endpoints: [CHAT], model: SMALL, answer: { json, text } },
  structured: { endpoints: [CHAT], model: SMALL, answer: { json } },
  image: { endpoints: [CHAT], model: SMALL, answer: { text } },
  'openai-fields': { endpoints: [CHAT], model: SMALL, answer: { text } },
  'openai-nulls': { endpoints: [CHAT], model: SMALL, answer: { text } },
  fim: { endpoints: [FIM], model: 'codestral-latest', answer: { text } },
  'fim-stream': { endpoints: [FIM], model: 'codestral-latest', answer: { text, pieces: 3 } },
  embeddings: {
    ...{ endpoints: ['POST /v1/embeddings'], model: 'mistral-embed' },
    answer: { json: [0.5, -0.5], count: 2 },
  },
  ocr: {
    ...{ endpoints: ['POST /v1/ocr'], model: 'mistral-ocr-latest' },
    answer: { text: `# ${WORDS}`, count: 1 },
  },
  moderation: { endpoints: ['POST /v1/moderations'], model: MODERATION, answer: { count: 1 } },
  'chat-moderation': {
    ...{ endpoints: ['POST /v1/chat/moderations'], model: MODERATION, answer: { count: 1 } },
  },
  classification: { endpoints: ['POST /v1/classifications'], model: SMALL, answer: { count: 1 } },
  'chat-classification': {
    ...{ endpoints: ['POST /v1/chat/classifications'], model: SMALL, answer: { count: 1 } },
  },
  speech: { endpoints: ['POST /v1/audio/speech'], model: SPEECH, answer: { text: 'Say hell' } },
  'speech-stream': {
    ...{ endpoints: ['POST /v1/audio/speech'], model: SPEECH },
    answer: { text: 'Say hell', pieces: 1 },
  },
  transcription: { endpoints: [TRANSCRIPTION], model: VOXTRAL, answer: { text } },
  'transcription-stream': {
    ...{ endpoints: [TRANSCRIPTION], model: VOXTRAL, answer: { text, pieces: 1 } },
  },
  agent: { endpoints: [AGENTS], model: SMALL, answer: { text } },
  'agent-stream': { endpoints: [AGENTS], model: SMALL, answer: { text, pieces: 3 } },
  files: { endpoints: FILES, model: SMALL, answer: { text: FILE, count: 1 } },
  conversation: { endpoints: CONVERSATIONS, model: SMALL, answer: { count: 4 } },
  'conversation-stream': {
    ...{ endpoints: ['POST /v1/conversations'], model: SMALL, answer: { text } },
  },
};

/** Every call of every client, and what is not answered as it should be. */
export async function checkAnswers(run: Run): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  await Promise.all(
    CLIENTS.flatMap((client) =>
      CALLS[client].map(async (call) => {
        const { model, answer } = EXPECTED[call];
        const outcome = await run(client, call, 'analyst', { model });
        const given = new Map(Object.entries(outcome));
        const isRight =
          outcome.kind === 'answered' &&
          Object.entries(answer).every(
            ([field, value]) => JSON.stringify(given.get(field)) === JSON.stringify(value),
          );
        const models = outcome.kind === 'answered' ? outcome.models : undefined;
        const isListed =
          call !== 'models' ||
          (models?.includes('mistral-small-2603') && !models.includes('mistral-large-2512'));
        if (!isRight || !isListed) faults.push({ expected: `${client}: ${call}`, ...outcome });
      }),
    ),
  );
  return faults;
}

/** The same answer without its body. */
export async function checkHead(url: string): Promise<readonly Fault[]> {
  const headers = { [CALLER_HEADER]: callerOf('analyst', 'head') };
  const { status } = await fetch(`${url}/v1/models`, { method: 'HEAD', headers });
  return status === 200 ? [] : [{ expected: 'HEAD where GET is', status }];
}
