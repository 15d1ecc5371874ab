import { describe, expect, test } from 'vitest';
import { createModelDirectory } from '../../../governance/access/model-directory.js';
import { PRICE_LIST } from '../../../governance/prices/price-list.js';

type Listed = Parameters<typeof createModelDirectory>[0][number];

const BOOK = { models: PRICE_LIST };

function model(id: string, aliases: string[] = [], contextTokens?: number): Listed {
  return { id, aliases, contextTokens };
}

function resolve(models: readonly Listed[], names: readonly string[]) {
  const directory = createModelDirectory(models, BOOK);
  return names.map((name) => directory.resolve(name));
}

describe('all names of a model lead to its exact id', () => {
  test.each<[string, Listed[], string[], string]>([
    [
      'an alias on its model',
      [model('mistral-small-2603', ['mistral-small-latest'])],
      ['mistral-small-2603', 'mistral-small-latest'],
      'mistral-small-2603',
    ],
    [
      'an alias as a model of its own, too',
      [
        model('mistral-small-latest', ['mistral-small-2603']),
        model('mistral-small-2603', ['mistral-small-latest']),
      ],
      ['mistral-small-2603', 'mistral-small-latest'],
      'mistral-small-2603',
    ],
    [
      'an alias that lists nothing itself',
      [model('mistral-small-latest'), model('mistral-small-2603', ['mistral-small-latest'])],
      ['mistral-small-2603', 'mistral-small-latest'],
      'mistral-small-2603',
    ],
    [
      'an exact id that is named as an alias alone',
      [model('mistral-small-latest', ['mistral-small-2603'])],
      ['mistral-small-2603', 'mistral-small-latest'],
      'mistral-small-2603',
    ],
    [
      'an exact id without a date, beside one that has one',
      [model('mistral-medium-latest', ['mistral-medium-2604', 'mistral-medium-3-5'])],
      ['mistral-medium-2604', 'mistral-medium-3-5', 'mistral-medium-latest'],
      'mistral-medium-3-5',
    ],
    [
      'two exact ids that say they are one',
      [
        model('mistral-medium-2604', ['mistral-medium-3-5']),
        model('mistral-medium-3-5', ['mistral-medium-2604', 'mistral-medium-latest']),
      ],
      ['mistral-medium-2604', 'mistral-medium-3-5', 'mistral-medium-latest'],
      'mistral-medium-3-5',
    ],
    [
      'names of which none is exact',
      [model('nova-latest', ['nova']), model('nova', ['nova-latest'])],
      ['nova', 'nova-latest'],
      'nova',
    ],
  ])('%s', (_name, models, names, id) => {
    expect(resolve(models, names)).toEqual(names.map(() => id));
    expect(resolve([...models].reverse(), names)).toEqual(names.map(() => id));
    expect(createModelDirectory(models, BOOK).ids).toEqual([id]);
  });
});

test('a release that is served stands for itself, also where another model has it as an alias', () => {
  const models = [model('mistral-small-2603', ['mistral-small-2506']), model('mistral-small-2506')];
  expect(resolve(models, ['mistral-small-2506', 'mistral-small-2603'])).toEqual([
    'mistral-small-2506',
    'mistral-small-2603',
  ]);
});

test('a release that is not served any more leads to what answers in its place', () => {
  const models = [model('mistral-small-2603', ['mistral-small-2506'])];
  expect(resolve(models, ['mistral-small-2506'])).toEqual(['mistral-small-2603']);
});

test('what Mistral does not list is not there, though it has a price', () => {
  const names = ['mistral-large-2512', 'constructor', ''];
  expect(resolve([model('mistral-small-2603')], names)).toEqual([undefined, undefined, undefined]);
});

test('the context is what Mistral says, or else the price list', () => {
  const directory = createModelDirectory(
    [
      model('mistral-small-2603', ['mistral-small-latest'], 1000),
      model('codestral-2508'),
      model('x'),
    ],
    BOOK,
  );
  expect(directory.contextTokens('mistral-small-2603')).toBe(1000);
  expect(directory.contextTokens('codestral-2508')).toBe(131_072);
  expect(directory.contextTokens('x')).toBeUndefined();
});
