import { testOverLoopback } from '../../../support/over-loopback.js';
import { firstRotation } from '../../../support/stories.js';

testOverLoopback(firstRotation('value'));
