import { expect, test } from 'vitest';
import { answerJson, CALLER_HEADER, DEVELOPER, gatewayWorld } from '../support/gateway-world.js';
import { type HostileForm, harmlessForm, hostileForms } from '../support/hostile-forms.js';

const usage = { prompt_audio_seconds: 3, prompt_tokens: 4, completion_tokens: 5, total_tokens: 47 };
const ANSWER = { model: 'm', text: 'a word', language: 'en', segments: [], usage };

function world(maxBodyBytes: number) {
  return gatewayWorld(
    (response) => answerJson(response, 200, ANSWER),
    (document) => {
      document.workspaces[0].models.push('voxtral-mini-latest');
      document.roles.developer.models = ['voxtral-mini-latest'];
      document.gateway.maxBodyBytes = maxBodyBytes;
    },
  );
}

async function send(
  url: string,
  { body, contentType, contentEncoding }: HostileForm,
): Promise<{ status: number; code?: string; message?: string; text?: string }> {
  const answer = await fetch(`${url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: {
      [CALLER_HEADER]: DEVELOPER,
      ...(contentType && { 'content-type': contentType }),
      ...(contentEncoding && { 'content-encoding': contentEncoding }),
    },
    body: body as Uint8Array<ArrayBuffer>,
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

const hasWords = (message = '') => message.length > 15 && message.length < 1000;

test('there are more than two hundred', () => {
  expect(hostileForms('x').length).toBeGreaterThan(200);
});

test.each([
  ['held in memory', 4_194_304, 'x'.repeat(100)],
  ['sent on as it arrives', 1024, 'x'.repeat(30_000)],
])(
  'a hostile form that is %s gets a clear 4xx, and nothing is booked',
  async (_how, maxBodyBytes, audio) => {
    const { url, received, quotas } = await world(maxBodyBytes);
    const wrong: unknown[] = [];
    for (const form of hostileForms(audio)) {
      const { status, code, message } = await send(url, form).catch((error) => ({
        status: 0,
        message: String(error),
        code: '',
      }));
      const isClear = status >= 400 && status < 500 && code && hasWords(message);
      if (!isClear) wrong.push({ what: form.what, status, code, message });
    }

    expect(wrong).toEqual([]);
    expect(received).toEqual([]);
    expect(quotas.reserved()).toBe(0);
    expect(quotas.ends.settled).toBe(0);
    expect(await send(url, harmlessForm(audio))).toMatchObject({ status: 200, text: 'a word' });
  },
);
