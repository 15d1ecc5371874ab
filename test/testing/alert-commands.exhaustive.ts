import { describe, test } from 'vitest';
import { shareDynamo } from '../support/on-call-world.js';
import { followFound, HANDS, STATES } from './finding-commands.js';

shareDynamo();

describe.each(Object.keys(STATES))('the command of a finding works: %s', (state) => {
  test.each(Object.keys(HANDS))('with %s', (hand) => followFound(state, hand));
});
