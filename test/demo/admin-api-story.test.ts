import { expect, test } from 'vitest';
import { leaksIn, printed } from '../support/invariants.js';

// The hundred days themselves: admin-api-story.exhaustive.ts
test('a piece in the cause or in a field of an error would have been found, too', () => {
  const cause = new Error('a cause with piece-01');
  const error = Object.assign(new Error('an error', { cause }), { field: { deep: 'piece-02' } });
  const written = JSON.stringify(printed({ error }));
  expect(leaksIn(written, ['piece-01', 'piece-02'])).toEqual(['piece-01', 'piece-02']);
});
