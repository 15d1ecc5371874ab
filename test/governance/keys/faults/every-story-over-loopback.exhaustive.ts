import { expect, test } from 'vitest';
import { FIRST_VERSIONS } from '../../../../testing/fakes/secret-store.js';
import { OVER_LOOPBACK, playWithEveryFault } from '../../../support/fault-suite.js';
import { OPERATOR_MODE } from '../../../support/operator-stories.js';
import {
  firstRotation,
  KEY_REMOVED,
  NEW_KEY_GOES_BAD,
  ROTATION_DURING_RETIREMENT,
  TWO_ROTATIONS_AT_ONCE,
} from '../../../support/stories.js';

test.each([
  ...FIRST_VERSIONS.map(firstRotation),
  ROTATION_DURING_RETIREMENT,
  TWO_ROTATIONS_AT_ONCE,
  NEW_KEY_GOES_BAD,
  KEY_REMOVED,
  OPERATOR_MODE,
])(
  'over real connections and in real time, too, no fault breaks an invariant: $name',
  async (story) => {
    const { faultPoints, broken } = await playWithEveryFault(story, { transport: OVER_LOOPBACK });
    expect(broken).toEqual([]);
    expect(faultPoints).toBeGreaterThan(50);
  },
);
