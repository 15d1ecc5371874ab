import { testOverLoopback } from '../../../support/over-loopback.js';
import { ROTATION_DURING_RETIREMENT } from '../../../support/stories.js';

testOverLoopback(ROTATION_DURING_RETIREMENT);
