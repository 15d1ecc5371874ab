import { testAllInProcess, testOverLoopback } from '../../../support/over-loopback.js';
import { TAKEN_OVER } from '../../../support/stories.js';

testAllInProcess(TAKEN_OVER);
testOverLoopback(TAKEN_OVER, 'one kind');
