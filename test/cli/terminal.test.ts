import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createKnownKeys } from '../../cli/known-keys.js';
import { csvFields } from '../../cli/simulation/csv-line.js';
import { bar } from '../../cli/terminal/bar.js';
import { createProgress } from '../../cli/terminal/progress.js';
import { createQuestions } from '../../cli/terminal/prompts.js';
import { createStyle, PLAIN } from '../../cli/terminal/style.js';
import { renderTable } from '../../cli/terminal/table.js';
import { shortened, textWidth } from '../../cli/terminal/text.js';
import { ApiKey } from '../../governance/mistral/api-key.js';

const COLOUR = createStyle({ isTerminal: true, columns: 30, noColour: false });

describe('a table', () => {
  test('aligns by what text takes on a terminal, not by its length', () => {
    const columns = [{ title: 'name' }, { title: 'n', align: 'right' }] as const;
    const rows = [
      ['東京', '1'],
      ['é🎉', '10'],
      ['e\u0301', '2'],
    ];
    expect(renderTable(columns, rows, PLAIN).split('\n')).toEqual([
      'name   n',
      '東京   1',
      'é🎉   10',
      'e\u0301      2',
      '',
    ]);
  });

  test('obeys nothing that a name contains', () => {
    const rows = [['a\u001b[31mb\nc\u202ed\u0007']];
    expect(renderTable([{ title: 'x' }], rows, PLAIN)).toBe('x\nab c d\n');
  });

  test('shortens what may be, and paints what is left', () => {
    const columns = [{ title: 'id' }, { title: 'text', shrinks: true }];
    const rows = [['0123456789', { text: 'a sentence that goes on', tone: 'bad' as const }]];
    const [, row] = renderTable(columns, rows, COLOUR).split('\n');
    expect(row).toBe('0123456789  \u001b[31ma sentence that g…\u001b[39m');
  });
});

test.each([
  ['abc', 3],
  ['日本語', 6],
  ['한국', 4],
  ['👩‍👩‍👧', 2],
  ['\u001b[31mred\u001b[39m', 3],
  ['', 0],
])('%j takes %i columns', (text, columns) => expect(textWidth(text)).toBe(columns));

test('a shortened text never takes more than its room', () => {
  expect(shortened('日本語', 4)).toBe('日…');
  expect(shortened('abc', 3)).toBe('abc');
});

test.each([
  [0, '░░░░'],
  [0.5, '██░░'],
  [0.54, '██▏░'],
  [1, '████'],
  [7, '████'],
  [Number.NaN, '░░░░'],
])('a share of %d is a bar', (share, shown) => expect(bar(share, 4)).toBe(shown));

test('colours are for terminals whose user wants them', () => {
  const paint = (isTerminal: boolean, noColour: boolean) =>
    createStyle({ isTerminal, columns: 80, noColour }).paint('x', 'good');
  expect([paint(true, false), paint(true, true), paint(false, false)]).toEqual([
    '\u001b[32mx\u001b[39m',
    'x',
    'x',
  ]);
});

test('a key that was read once is in nothing that is printed', () => {
  const keys = createKnownKeys();
  keys.learn(new ApiKey('HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y'));
  expect(keys.redact('refused: hqsxfb7iajrknhrv, go on')).toBe('refused: [api key], go on');
});

describe('progress', () => {
  function watched(isTerminal: boolean) {
    let text = '';
    const due: (() => void)[] = [];
    const timers = {
      setTimeout: (then: () => void) => due.push(then),
      setInterval: (then: () => void) => due.push(then),
      clearTimeout() {},
      clearInterval() {},
    } as unknown as typeof globalThis;
    const write = (more: string) => {
      text += more;
    };
    const progress = createProgress({ write, isTerminal, timers });
    return { progress, due, text: () => text };
  }

  test('is a line where there is no terminal, once something takes long', async () => {
    const { progress, due, text } = watched(false);
    await progress.during('reading', async () => {
      expect(text()).toBe('');
      due[0]?.();
    });
    expect(text()).toBe('reading …\n');
  });

  test('spins on a terminal and leaves nothing behind', async () => {
    const { progress, due, text } = watched(true);
    await progress.during('reading', async () => {
      due[0]?.();
      due[1]?.();
    });
    expect(text()).toBe('\r\u001b[2K⠋ reading\r\u001b[2K⠙ reading\r\u001b[2K');
  });
});

describe('a question', () => {
  test.each([
    ['y\n', true],
    [' YES \n', true],
    ['\n', false],
    ['yeah no\n', false],
    ['', false],
  ])('answered with %j', async (typed, yes) => {
    const input = new PassThrough();
    const answer = createQuestions(input, new PassThrough(), true).confirm('Sure?');
    if (typed === '') input.end();
    else input.write(typed);
    expect(await answer).toBe(yes);
  });

  test('is interrupted by ^C', async () => {
    const input = new PassThrough();
    const answer = createQuestions(input, new PassThrough(), true).confirm('Sure?');
    input.write('\u0003');
    await expect(answer).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
  });
});

test.each([
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  ['"a,1", "b ""c""" ,d', ['a,1', 'b "c"', 'd']],
  ['"a', undefined],
  ['"a"b,c', undefined],
])('the fields of %j', (line, fields) => expect(csvFields(line)).toEqual(fields));
