import { testInterleavings } from './interleavings.js';

testInterleavings({ moreSteps: 0, sequences: 200, times: 1 });
