import { testOverLoopback } from '../../../support/over-loopback.js';
import { ROTATION_HELD } from '../../../support/stories.js';

testOverLoopback(ROTATION_HELD);
