import { expect, test } from 'vitest';
import { judge, linesOf } from '../../oracles/oracle.js';

const at = 'plain server: POST /v1/embeddings';
const base64 = { topic: 'base64', at: /embeddings$/, what: /^base64$/, reason: 'asked for' };

test('a finding fails a run unless its place and its words are acknowledged, and counts once', () => {
  const found = [
    { at, what: 'base64' },
    { at, what: 'base64' },
    { at, what: 'base64 and more' },
    { at: 'plain server: POST /v1/ocr', what: 'base64' },
  ];
  const { findings, acknowledged } = judge(found, [base64]);
  expect(findings).toEqual([found[2], found[3]]);
  expect(acknowledged).toEqual([{ at, what: 'base64', reason: 'asked for' }]);
});

test('a run prints a row for each tool, why findings are acknowledged, and those that are not', () => {
  const verdict = {
    ...{ tool: 'Prism', version: '5.14.2', checked: '2 exchanges', notes: ['against a copy'] },
    findings: [{ at, what: 'no id' }],
    acknowledged: [
      { at, what: 'base64', reason: 'asked for' },
      { at: 'function URL', what: 'base64', reason: 'asked for' },
    ],
  };
  expect(linesOf([verdict])).toEqual([
    'tool   version  checked      findings  acknowledged',
    'Prism  5.14.2   2 exchanges  1         2',
    'Prism: against a copy',
    `acknowledged: base64 (${at}, function URL): asked for`,
    `✗ ${at}: no id`,
  ]);
});
