import { expect, test } from 'vitest';
import { worstBodies } from '../../bench/gateway/worst-bodies.js';
import { answerJson, COMPLETION, gatewayWorld } from '../support/gateway-world.js';

// How long each of them holds up other requests is measured by `npm run bench`.
test('the bodies that take longest to read are refused once they hold too much, and end no process', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const passed: string[] = [];
  for (const [name, body] of worstBodies()) {
    const { status, code } = await outcomeOf(await world.ask(body));
    if (status === 200) passed.push(name);
    else expect([status, code], name).toEqual([expect.any(Number), expect.any(String)]);
    expect(status, name).toBeLessThan(500);
  }

  expect(passed.filter((name) => name.endsWith(', too many'))).toEqual([]);
  expect((await world.ask({ model: 'mistral-small-latest', messages: [] })).status).toBe(200);
});

async function outcomeOf(answer: Response): Promise<{ status: number; code?: unknown }> {
  return { status: answer.status, code: ((await answer.json()) as { code?: unknown }).code };
}
