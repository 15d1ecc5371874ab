import { expect, test } from 'vitest';
import { problemLines } from '../../cli/terminal/problem-lines.js';
import { PLAIN, type Style } from '../../cli/terminal/style.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { checkSource, policySource } from '../../governance/policy/load-policy.js';
import type { PolicyError } from '../../governance/policy/policy-problem.js';
import { SEARCH_POLICY } from '../governance/policy/search-policy.js';

const terminal = (columns: number): Style => ({
  columns,
  paint: (text, tone) => (tone === undefined ? text : `<${tone}>${text}</>`),
});

function errorOf(text: string): PolicyError {
  try {
    checkSource(policySource(Buffer.from(text), 'governance.yaml'));
  } catch (error) {
    return error as PolicyError;
  }
  throw new Error('the policy is valid');
}

test('a terminal shows the line of each problem, and marks the field and its value in it', () => {
  const error = errorOf(SEARCH_POLICY.replace('monthlyUsd: 900', 'monthlyUsd: 2,000'));
  expect(problemLines(error, terminal(120))).toEqual([
    '  <strong>governance.yaml:24:7</>  workspaces[1].budgets.monthlyUsd: "2,000" is text because of its separators: write 2000',
    '<faint>     24 | </>      monthlyUsd: 2,000',
    '<faint>        | </>      <bad>^^^^^^^^^^^^^^^^^</>',
  ]);
  expect(problemLines(error, PLAIN)).toHaveLength(1);
});

test('a long line is cut, and marked as far as it is shown', () => {
  const error = errorOf(
    SEARCH_POLICY.replace('monthlyUsd: 4000 }', `monthlyUsd: 4000, x: ${'日本'.repeat(50)} }`),
  );
  const [, line, marks] = problemLines(error, terminal(70));
  expect(line).toMatch(/x: 日本.*…$/);
  expect(marks).toMatch(/\^+<\/>$/);
  expect(problemLines(error, terminal(40))).toHaveLength(1);
});

test('nothing in a file moves the cursor or hides', () => {
  const hostile = SEARCH_POLICY.replace('team: search', 'teem: "\u202e\u009b2J" # \u001b[2J');
  const shown = problemLines(errorOf(hostile), terminal(120));
  expect(shown.map(oneLine)).toEqual(shown);
  expect(shown.join()).toContain('teem: ');
});
