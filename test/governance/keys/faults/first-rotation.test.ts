import { expect, test } from 'vitest';
import type { FirstVersion } from '../../../../testing/fakes/secret-store.js';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { firstRotation } from '../../../support/stories.js';

test.each<[FirstVersion]>([['placeholder'], ['value']])(
  'a first key (the first version is the %s), its rotation after 90 days, the retirement of the first: no fault at any call breaks an invariant, and each key is announced',
  async (firstVersion) => {
    const story = firstRotation(firstVersion);
    const { faultPoints, broken } = await playWithEveryFault(story, { play: 'one kind' });
    expect(broken).toEqual([]);
    expect(faultPoints).toBeGreaterThan(100);
  },
);
