import { expect, test } from 'vitest';
import { aPolicy } from '../support/builders.js';
import { overhear } from '../support/overheard-run.js';

test('every claim about the hundred days holds, too, where Secrets Manager makes the first value of a secret current by itself', async () => {
  const { run } = await overhear(aPolicy(), 'value');
  expect(run.claims.filter(([, holds]) => !holds)).toEqual([]);
});
