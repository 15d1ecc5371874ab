import { expect, test } from 'vitest';
import { CONVERSATION_LIST } from '../../../governance/metering/list-parameters.js';
import { parseQuery } from '../../../governance/metering/query.js';

test("what Mistral's Python SDK sends for a parameter that was not given is none", () => {
  const query = 'page=0&page_size=100&metadata=%22~%3F~unset~%3F~sentinel~%3F~%22';
  expect(parseQuery(query, CONVERSATION_LIST)).toEqual(
    new Map([
      ['page', ['0']],
      ['page_size', ['100']],
    ]),
  );
});

test.each(['metadata=%22text%22', 'metadata=', 'metadata=%7B%22a%22%3A1%7D'])(
  'any other value is checked: %s',
  (query) => {
    const parsed = parseQuery(query, CONVERSATION_LIST);
    const isRefused = !(parsed instanceof Map);
    expect(isRefused).toBe(query.includes('text'));
  },
);
