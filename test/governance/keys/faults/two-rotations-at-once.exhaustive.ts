import { testOverLoopback } from '../../../support/over-loopback.js';
import { TWO_ROTATIONS_AT_ONCE } from '../../../support/stories.js';

testOverLoopback(TWO_ROTATIONS_AT_ONCE);
