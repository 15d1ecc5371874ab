import { testOverLoopback } from '../../../support/over-loopback.js';
import { KEY_REMOVED } from '../../../support/stories.js';

testOverLoopback(KEY_REMOVED);
