import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readUsage } from '../../cli/simulation/usage-file.js';

const json = () =>
  JSON.stringify({
    at: '2026-11-24T09:30:00Z',
    caller: 'arn:aws:iam::111122223333:role/analyst',
    model: 'mistral-small-latest',
    promptTokens: 900,
  });
const HEADER = 'at,caller,model,promptTokens';

describe('a file of past requests', () => {
  test.each(['', '[', `[${json()},`, `${HEADER}\n`])(
    'with an endless line after %j is read to its end in flat memory',
    async (start) => {
      async function* endless() {
        yield Buffer.from(start);
        for (let piece = 0; piece < 60; piece += 1) yield Buffer.alloc(1_000_000, 'a');
        yield Buffer.from(`\n${start === '' ? '' : json()}\n`);
      }
      const before = process.memoryUsage().rss;
      const faults: string[] = [];
      const reading = (async () => {
        for await (const one of readUsage(Readable.from(endless()), 'a file')) {
          if (one.kind === 'wrong') faults.push(one.problem);
        }
      })();
      if (start === '') await expect(reading).rejects.toThrow('line 1 is neither JSON nor');
      else {
        await reading;
        expect(faults[0]).toBe('is longer than 1048576 characters');
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    },
  );

  test('of many requests in one array is read in flat memory', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'usage-')), 'usage.json');
    writeFileSync(path, `[${`${json()},`.repeat(100_000)}${json()}]`);
    const before = process.memoryUsage().rss;
    let requests = 0;
    for await (const { kind } of readUsage(createReadStream(path), path)) {
      if (kind === 'record') requests += 1;
    }
    expect(requests).toBe(100_001);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });
});
