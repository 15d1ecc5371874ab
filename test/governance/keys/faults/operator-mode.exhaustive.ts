import { OPERATOR_MODE } from '../../../support/operator-stories.js';
import { testOverLoopback } from '../../../support/over-loopback.js';

testOverLoopback(OPERATOR_MODE);
