import { expect, test } from 'vitest';
import { OBJECT_INDEXES } from '../../governance/policy/object-indexes.js';
import type { LocalDynamo } from '../../testing/dynamo.js';
import { batchWorld } from '../gateway/objects/batch-world.js';
import { aBody, aLine } from '../governance/metering/batch/batch-lines.js';
import { randomFrom } from '../governance/quotas/traffic.js';
import { newTableForEach } from '../support/table.js';

let dynamo: LocalDynamo;
let table: string;
newTableForEach((local, name) => {
  dynamo = local;
  table = name;
}, Object.values(OBJECT_INDEXES));

const JOBS = '/v1/batch/jobs';
/** Half of 0.15 and 0.60 dollars a million tokens, in nano-dollars for two. */
const PROMPT_NANOS_FOR_TWO = 150;
const COMPLETION_NANOS_FOR_TWO = 600;

test.each(Array.from({ length: 12 }, (_, seed) => seed))(
  'what Mistral bills for batch jobs is settled, however they end (%i)',
  async (seed) => {
    const random = randomFrom(seed);
    const chance = (share: number) => random() < share;
    let loses = false;
    const world = await batchWorld(dynamo, table, {
      intercept({ method, url, ...call }) {
        if (method !== 'POST' || url.pathname !== JOBS || !loses) return undefined;
        // The job is there, or it is not.
        if (chance(0.5)) void world.mistral.answer({ method, url, ...call });
        return 'broken';
      },
    });
    world.mistral.batch.runsMs = (1 + random() * 30) * 3_600_000;
    for (let jobs = 0; jobs < 6; jobs += 1) {
      const lines = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, at) => {
        const max_tokens = 1 + Math.floor(random() * 2000);
        const text = 'word '.repeat(random() * 200);
        const bad = chance(0.2) ? { temperature: 'hot' } : {};
        const messages = [{ role: 'user', content: text }];
        return aLine(aBody({ max_tokens, messages, ...bad }), String(at));
      });
      const file = await world.aFile(lines.join('\n'));
      loses = chance(0.3);
      const body = {
        ...{ input_files: [file], endpoint: '/v1/chat/completions', model: 'mistral-small-latest' },
        timeout_hours: 1 + Math.floor(random() * 40),
      };
      const created = await world.ask(JOBS, { method: 'POST', body });
      expect([200, 502]).toContain(created.status);
      const { id } = (await created.json()) as { id?: string };
      await world.passHours(random() * 20);
      if (chance(0.5)) await world.settle();
      if (id && chance(0.3)) await world.ask(`${JOBS}/${id}/cancel`, { method: 'POST' });
      if (id && chance(0.3)) await world.ask(`${JOBS}/${id}`);
      if (chance(0.2)) {
        for (const [known, { filename }] of world.mistral.files.files) {
          if (filename.endsWith('-output.jsonl')) world.mistral.files.files.delete(known);
        }
      }
    }
    for (let runs = 0; runs < 26; runs += 1) {
      await Promise.all([world.settle(), world.settle()]);
      await world.passHours(12);
    }

    const { promptTokens, completionTokens } = world.mistral.batch.used;
    const billed =
      (promptTokens * PROMPT_NANOS_FOR_TWO + completionTokens * COMPLETION_NANOS_FOR_TWO) / 2;
    const { month } = await world.money();
    expect(month?.reserved).toBe(0);
    expect(month?.settled).toBeGreaterThanOrEqual(billed);
    if (world.alerts.length === 0) expect(month?.settled).toBe(billed);
  },
);
