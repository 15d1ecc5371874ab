import { testOverLoopback } from '../../../support/over-loopback.js';
import { CONSUMERS_REFRESHED } from '../../../support/stories.js';

testOverLoopback(CONSUMERS_REFRESHED);
