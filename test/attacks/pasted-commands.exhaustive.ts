import fc from 'fast-check';
import { test } from 'vitest';
import { hostileName } from '../support/hostile-names.js';
import { expectNothingElse, shellsHere } from '../support/pasted-commands.js';

test.each(shellsHere())('in %s, 200 generated names are one argument each', async (shell) => {
  const expectIt = (name: string) => expectNothingElse(shell, name);
  await fc.assert(fc.asyncProperty(hostileName, expectIt), { numRuns: 200, seed: 2614 });
});
