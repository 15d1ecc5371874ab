import { expect, test } from 'vitest';
import { overhear } from '../support/overheard-run.js';
import { OWN_POLICIES } from './own-policies.js';

test.each(Object.entries(OWN_POLICIES))('a hundred days of %s', async (_name, make) => {
  const { run } = await overhear(make());
  expect(run.claims.filter(([, holds]) => !holds)).toEqual([]);
  expect(run.claims.length).toBeGreaterThan(6);
});
