import fc from 'fast-check';
import { test } from 'vitest';
import { hostileName } from '../support/hostile-names.js';
import { expectNothingElse, hasShell, SHELLS, type ShellName } from '../support/pasted-commands.js';

const shells = (Object.keys(SHELLS) as ShellName[]).filter(hasShell);

test.each(shells)('in %s, 200 generated names are one argument each', async (shell) => {
  const expectIt = (name: string) => expectNothingElse(shell, name);
  await fc.assert(fc.asyncProperty(hostileName, expectIt), { numRuns: 200, seed: 2614 });
});
