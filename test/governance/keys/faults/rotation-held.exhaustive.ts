import { testOverLoopback } from '../../../support/over-loopback.js';
import { ROTATION_HELD } from '../../../support/stories.js';

// Its runs of every hour make 261 calls: with each kind of fault at each of them, a quarter of an hour.
testOverLoopback(ROTATION_HELD, 'each kind');
