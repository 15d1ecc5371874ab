import { PassThrough } from 'node:stream';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKnownKeys } from '../../cli/known-keys.js';
import { csvFields } from '../../cli/simulation/usage-file.js';
import { createProgress } from '../../cli/terminal/progress.js';
import { PLAIN, styleOf } from '../../cli/terminal/style.js';
import { bar, left, renderTable, right, shrinking } from '../../cli/terminal/table.js';
import { shortened } from '../../cli/terminal/text.js';
import { ApiKey } from '../../governance/mistral/api-key.js';

/** A stream as `process.stderr` is on a terminal, or in a pipe. */
function stream(isTTY: boolean, columns = 30) {
  let text = '';
  const written = new PassThrough().on('data', (chunk) => {
    text += String(chunk);
  });
  const clear = (what: string) => () => written.write(`<${what}>`);
  return Object.assign(written, {
    isTTY,
    columns,
    getColorDepth: () => 4,
    cursorTo: clear('start of line'),
    clearLine: clear('clear'),
    moveCursor: clear('up'),
    text: () => text,
  });
}

describe('a table', () => {
  type Row = { readonly name: string; readonly n: string };

  test('aligns by the columns that text takes on a terminal, not by its length', () => {
    const rows = [
      { name: '東京', n: '1' },
      { name: 'é🎉', n: '10' },
      { name: 'e\u0301', n: '2' },
    ];
    const columns = [left('name', (row: Row) => row.name), right('n', (row: Row) => row.n)];
    expect(renderTable(rows, PLAIN, columns).split('\n')).toEqual([
      'name   n',
      '東京   1',
      'é🎉   10',
      'e\u0301      2',
      '',
    ]);
  });

  test('prints no control character of a name', () => {
    const rows = ['a\u001b[31mb\nc\u202ed\u0007'];
    expect(renderTable(rows, PLAIN, [left('x', (name) => name)])).toBe('x\nab c d\n');
  });

  test('shortens columns that may shrink, and colors the rest of the text', () => {
    const columns = [
      left('id', () => '0123456789'),
      shrinking('text', (text: string) => ({ text, tone: 'bad' })),
    ];
    const rows = ['a sentence that goes on'];
    const [, row] = renderTable(rows, styleOf(stream(true)), columns).split('\n');
    expect(row).toBe('0123456789  \u001b[31ma sentence that g…\u001b[39m');
  });
});

test.each([
  ['日本語', 4, '日…'],
  ['한국', 3, '한…'],
  ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
  ['abc', 3, 'abc'],
])('%j in %i columns is %j', (text, columns, expected) => {
  expect(shortened(text, columns)).toBe(expected);
  expect(stringWidth(expected)).toBeLessThanOrEqual(columns);
});

test.each([
  [0, '░░░░'],
  [0.5, '██░░'],
  [0.54, '██▏░'],
  [1, '████'],
  [7, '████'],
  [Number.NaN, '░░░░'],
])('a share of %d is a bar', (share, expected) => expect(bar(share, 4)).toBe(expected));

describe('colors', () => {
  afterEach(() => void vi.unstubAllEnvs());

  test.each([
    ['on a terminal', true, {}, true],
    ['not in a pipe', false, {}, false],
    ['not with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['in a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['not with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
  ])('%s', (_when, isTTY, env, isColored) => {
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', undefined);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const output = Object.assign(stream(isTTY), {
      getColorDepth: () => ('NO_COLOR' in env ? 1 : 4), // as Node's own streams do
    });
    expect(styleOf(output).paint('x', 'good')).toBe(isColored ? '\u001b[32mx\u001b[39m' : 'x');
  });

  test('lines have any length in a pipe', () => {
    expect(styleOf(stream(false)).columns).toBeUndefined();
    expect(styleOf(stream(true)).columns).toBe(30);
  });
});

test('a key that was read is in nothing that is printed', () => {
  const keys = createKnownKeys();
  keys.learn(new ApiKey('HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y'));
  expect(keys.redact('rejected: hqsxfb7iajrknhrv, retrying')).toBe('rejected: [api key], retrying');
});

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubEnv('TERM', 'xterm');
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  const redact = (text: string) => text.replace('secret', '…');

  test.each([
    ['in a pipe', stream(false), false],
    ['on a dumb terminal', stream(true), false],
    ['on a terminal that reports no columns', stream(true, 0), true],
  ])(
    '%s is a line, once something takes longer than a second',
    async (_where, output, isTerminal) => {
      await createProgress(output, isTerminal, redact).during('reading secret', async () => {
        await vi.advanceTimersByTimeAsync(999);
        expect(output.text()).toBe('');
        await vi.advanceTimersByTimeAsync(1);
      });
      expect(output.text()).toBe('reading … …\n');
    },
  );

  test('on a terminal is a spinner that leaves nothing behind', async () => {
    const output = stream(true, 80);
    const progress = createProgress(output, true, redact);
    await progress.during('reading secret', async () => {
      await vi.advanceTimersByTimeAsync(1000);
      await vi.advanceTimersByTimeAsync(200);
      progress.line('one is done');
      await vi.advanceTimersByTimeAsync(200);
    });
    const text = output.text();
    expect(text).toMatch(/⠋ reading ….*⠙ reading …/s);
    expect(text).toMatch(/<clear>one is done\n.*reading …/s); // above the spinner
    expect(text.endsWith('<start of line><clear>\u001b[?25h')).toBe(true); // the cursor again
    expect(text).not.toContain('secret');
  });

  test('shows nothing for what ends within a second', async () => {
    const output = stream(true);
    const progress = createProgress(output, true, redact);
    await progress.during('reading', async () => {});
    await vi.advanceTimersByTimeAsync(5000);
    expect(output.text()).toBe('');
  });
});

test.each([
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  ['"a,1", "b ""c""" ,d', ['a,1', 'b "c"', 'd']],
  ['"a', undefined],
  ['"a"b,c', undefined],
  ['a"b",c', undefined],
  ['"a"\r', ['a']],
])('the fields of %j', (line, fields) => expect(csvFields(line)).toEqual(fields));
