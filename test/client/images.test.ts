import { expect, test } from 'vitest';
import { clientWorld, DAILY_TOKENS } from '../support/client-world.js';
import { answerJson, COMPLETION } from '../support/gateway-world.js';

const AT_MOST = 3100;
const image = (imageUrl: string) => ({
  model: 'mistral-small-latest',
  maxTokens: 100,
  messages: [
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'What is it?' },
        { type: 'image_url' as const, imageUrl },
      ],
    },
  ],
});

test.each([
  ['linked', 'https://example.com/a.png'],
  ['in the body', `data:image/png;base64,${'A'.repeat(900_000)}`],
])(
  'an image %s does not hold the whole context, and is settled at what it used',
  async (_name, url) => {
    const held: number[] = [];
    const usage = { prompt_tokens: 9000, completion_tokens: 7, total_tokens: 9007 };
    const world = await clientWorld({
      script: async (response) => {
        await client.flush();
        held.push((await world.total(DAILY_TOKENS)).held);
        answerJson(response, 200, { ...COMPLETION, usage });
      },
      policy: (document) => {
        document.roles.developer.dailyTokens = 10_000;
      },
    });
    const client = await world.create();

    await client.chat.complete(image(url));
    await client.close();

    expect(held[0]).toBeGreaterThanOrEqual(AT_MOST);
    expect(held[0]).toBeLessThanOrEqual(10_000);
    expect(await world.total(DAILY_TOKENS)).toEqual({ settled: 9007, held: 0 });
  },
);
