import { testOverLoopback } from '../../../support/over-loopback.js';
import { TAKEN_OVER } from '../../../support/stories.js';

testOverLoopback(TAKEN_OVER);
