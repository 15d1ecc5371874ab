import { CALLER_HEADER } from '../plain-server.js';
import { callerOf } from './account.js';
import type { SdkServer } from './server.js';
import { CALLS, CLIENTS, type Fault, type Run, type SdkCall, SMALL } from './tasks.js';

const WORDS = 'word word word';
const text = WORDS;
const json = { city: 'word', days: 7 };

/** For each call, the model and what the stand-in for Mistral answers. */
const EXPECTED: Readonly<Record<SdkCall, { readonly model: string; readonly answer: object }>> = {
  models: { model: SMALL, answer: {} },
  chat: { model: SMALL, answer: { text } },
  stream: { model: SMALL, answer: { text, pieces: 3 } },
  tools: { model: SMALL, answer: { json, text } },
  structured: { model: SMALL, answer: { json } },
  image: { model: SMALL, answer: { text } },
  embeddings: { model: 'mistral-embed', answer: { json: [0.5, -0.5], count: 2 } },
  fim: { model: 'codestral-latest', answer: { text } },
  ocr: { model: 'mistral-ocr-latest', answer: { text: `# ${WORDS}`, count: 1 } },
  moderation: { model: 'mistral-moderation-2603', answer: { count: 1 } },
  'openai-fields': { model: SMALL, answer: { text } },
  'openai-nulls': { model: SMALL, answer: { text } },
};

/** What is not answered as it should be. */
export async function checkAnswers(run: Run, server: SdkServer): Promise<readonly Fault[]> {
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

  const headers = { [CALLER_HEADER]: callerOf('analyst', 'head') };
  const { status } = await fetch(`${server.url}/v1/models`, { method: 'HEAD', headers });
  if (status !== 200) faults.push({ expected: 'HEAD where GET is', status });
  return faults;
}
