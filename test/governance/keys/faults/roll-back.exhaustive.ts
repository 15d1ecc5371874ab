import { testOverLoopback } from '../../../support/over-loopback.js';
import { NEW_KEY_GOES_BAD } from '../../../support/stories.js';

testOverLoopback(NEW_KEY_GOES_BAD);
