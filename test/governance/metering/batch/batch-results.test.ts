import { expect, test } from 'vitest';
import {
  type EndedJob,
  ResultTally,
  type Used,
} from '../../../../governance/metering/batch/batch-results.js';
import { ratesFrom } from '../../../../governance/prices/rates.js';
import { PRICES } from './batch-lines.js';

const { batch: rates } = PRICES.tiers;
const RULES = {
  rates: ratesFrom(rates.exact),
  cost: 100_000,
  tokens: 1000,
  ofLine: { cost: 20_000, tokens: 200 },
  most: {
    promptTokens: 100,
    completionTokens: 100,
    pages: 0,
    annotatedPages: 0,
    audioSeconds: 0,
    characters: 0,
  },
};

const usage = (prompt: number, completion: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
const succeeded = (used: unknown) => ({
  custom_id: 'a',
  response: { status_code: 200, body: { choices: [], usage: used } },
  error: null,
});
const failed = (error: unknown, status = 422, body: object = {}) => ({
  custom_id: 'b',
  response: { status_code: status, body },
  error,
});

const KNOWN: Used = { cost: (10 * 150 + 20 * 600) / 2, tokens: 30 };
const OF_LINE: Used = RULES.ofLine;
const FREE: Used = { cost: 0, tokens: 0 };
const counts = (ok: number, bad = 0): EndedJob => ({
  completed: ok + bad,
  succeeded: ok,
  failed: bad,
});
const text = (lines: readonly unknown[]) => lines.map((one) => JSON.stringify(one)).join('\n');

test.each<[string, string, EndedJob, Used]>([
  [
    'a result costs its usage, at half the price',
    text([succeeded(usage(10, 20))]),
    counts(1),
    KNOWN,
  ],
  ['of an error nothing', text([failed({ message: 'no' })]), counts(0, 1), FREE],
  ['nor of an error’s status alone', text([failed(null)]), counts(0, 1), FREE],
  [
    'unless it reports a usage',
    text([failed('late', 500, { usage: usage(10, 20) })]),
    counts(0, 1),
    KNOWN,
  ],
  ['without a usage, the most', text([succeeded(undefined)]), counts(1), OF_LINE],
  [
    'with a usage that makes no sense, the most',
    text([succeeded({ prompt_tokens: 'x' })]),
    counts(1),
    OF_LINE,
  ],
  ['for a line that is not JSON, the most', '{"custom_id":"a","resp', counts(1), OF_LINE],
  ['for a result that is not in the file, the most', '', counts(1), OF_LINE],
  [
    'also where only the number of completed requests says so',
    '',
    { completed: 1, succeeded: 0, failed: 0 },
    OF_LINE,
  ],
  ['for what was not processed nothing', '', counts(0), FREE],
  ['blank lines are no results', `\n${text([succeeded(usage(10, 20))])}\r\n\n`, counts(1), KNOWN],
  [
    'all that is unknown is at most what was reserved',
    '',
    counts(50),
    { cost: 100_000, tokens: 1000 },
  ],
  [
    'what is known counts also beyond',
    text([succeeded(usage(10_000, 0))]),
    counts(1),
    { cost: 750_000, tokens: 10_000 },
  ],
])('%s', (_name, results, job, used) => {
  for (const chunkBytes of [1, 1 << 16]) {
    const tally = new ResultTally(RULES);
    const file = tally.file();
    const bytes = Buffer.from(results);
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      file.see(bytes.subarray(from, from + chunkBytes));
    }
    file.end();
    expect(tally.usedBy(job)).toEqual(used);
  }
});

test('a part of a usage that is missing is the most that a line may use of it', () => {
  const tally = new ResultTally(RULES);
  tally.result(succeeded({ prompt_tokens: 10 }));
  expect(tally.usedBy(counts(1))).toEqual({ cost: (10 * 150 + 100 * 600) / 2, tokens: 110 });
});
