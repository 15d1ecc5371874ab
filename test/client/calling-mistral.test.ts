import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as client from '../../client/index.js';
import { answerOf, PROBLEM_CODES, problem } from '../../governance/metering/problem.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/calling-mistral.md'), 'utf8');
const ROW = /^\| ([\d, ]+) \| `(\w+)` \|/gm;
const rows = [...page.matchAll(ROW)].map(([, statuses = '', code = '']) => ({
  code,
  statuses: statuses.split(', ').map(Number),
}));

test.each(PROBLEM_CODES)('%s has its row in the table of errors, with its status', (code) => {
  const { status, body } = answerOf(problem(code, 'as it happens'));
  const shown: string = JSON.parse(body.toString()).code;

  expect(rows.find((row) => row.code === shown)?.statuses).toContain(status);
});

test('the table has no unknown codes', () => {
  const shown = PROBLEM_CODES.map(
    (code) => JSON.parse(answerOf(problem(code, '')).body.toString()).code,
  );
  expect(rows.map(({ code }) => code).filter((code) => !shown.includes(code))).toEqual([]);
});

test.each(Object.keys(client).filter((name) => name !== 'isGovernanceError'))(
  'the page explains %s',
  (name) => {
    expect(page).toContain(name);
  },
);
