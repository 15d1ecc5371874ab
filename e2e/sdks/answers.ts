import { CALLER_HEADER } from '../plain-server.js';
import { callerOf } from './account.js';
import { CALLS, CLIENTS, type Fault, type Run, type SdkCall, SMALL } from './tasks.js';

const WORDS = 'word word word';
const text = WORDS;
const json = { city: 'word', days: 7 };

interface Expected {
  /** That the call is for. */
  readonly endpoint: string;
  readonly model: string;
  /** What the stand-in for Mistral answers. */
  readonly answer: object;
}

const CHAT = 'POST /v1/chat/completions';
const FIM = 'POST /v1/fim/completions';
const MODERATION = 'mistral-moderation-2603';
const SPEECH = 'voxtral-mini-tts-2603';

/** A call of a new endpoint joins here, in `CALLS` of the clients that have it, and in their own files. */
export const EXPECTED: Readonly<Record<SdkCall, Expected>> = {
  models: { endpoint: 'GET /v1/models', model: SMALL, answer: {} },
  chat: { endpoint: CHAT, model: SMALL, answer: { text } },
  stream: { endpoint: CHAT, model: SMALL, answer: { text, pieces: 3 } },
  tools: { endpoint: CHAT, model: SMALL, answer: { json, text } },
  structured: { endpoint: CHAT, model: SMALL, answer: { json } },
  image: { endpoint: CHAT, model: SMALL, answer: { text } },
  'openai-fields': { endpoint: CHAT, model: SMALL, answer: { text } },
  'openai-nulls': { endpoint: CHAT, model: SMALL, answer: { text } },
  fim: { endpoint: FIM, model: 'codestral-latest', answer: { text } },
  'fim-stream': { endpoint: FIM, model: 'codestral-latest', answer: { text, pieces: 3 } },
  embeddings: {
    ...{ endpoint: 'POST /v1/embeddings', model: 'mistral-embed' },
    answer: { json: [0.5, -0.5], count: 2 },
  },
  ocr: {
    ...{ endpoint: 'POST /v1/ocr', model: 'mistral-ocr-latest' },
    answer: { text: `# ${WORDS}`, count: 1 },
  },
  moderation: { endpoint: 'POST /v1/moderations', model: MODERATION, answer: { count: 1 } },
  'chat-moderation': {
    ...{ endpoint: 'POST /v1/chat/moderations', model: MODERATION, answer: { count: 1 } },
  },
  classification: { endpoint: 'POST /v1/classifications', model: SMALL, answer: { count: 1 } },
  'chat-classification': {
    ...{ endpoint: 'POST /v1/chat/classifications', model: SMALL, answer: { count: 1 } },
  },
  speech: { endpoint: 'POST /v1/audio/speech', model: SPEECH, answer: { text: 'Say hell' } },
  'speech-stream': {
    ...{ endpoint: 'POST /v1/audio/speech', model: SPEECH },
    answer: { text: 'Say hell', pieces: 1 },
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
