import { testInterleavings } from './interleavings.js';

testInterleavings({ moreSteps: 1, sequences: 1_000, times: 5 });
