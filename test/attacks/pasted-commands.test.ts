import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { shell } from '../../governance/platform/quoting.js';
import { commandsWith, HOSTILE_NAMES, hostileName } from '../support/hostile-names.js';
import { expectNothingElse, PLAIN, pasted, shellsHere } from '../support/pasted-commands.js';

// Any name: pasted-commands.exhaustive.ts
describe.each(shellsHere())('%s', (shellName) => {
  test('starts the programs of every command with their arguments', async () => {
    const commands = commandsWith(PLAIN);
    const { started } = await pasted(shellName, commands);
    expect(commands.length).toBeGreaterThan(25);
    expect(started.length).toBeGreaterThanOrEqual(commands.length);
    expect(new Set(started.map(([program]) => program))).toEqual(
      new Set(['aws', 'npx', 'jq', 'sort', 'head', 'grep']),
    );
    expect(started.flat().join()).toContain(PLAIN);
    for (const argv of started.filter(([program]) => program === 'aws' || program === 'npx')) {
      expect(argv).toContain('PROFILE_OF_PRODUCTION');
      if (!argv.includes('cdk')) expect(argv.join(' ')).toContain('--region us-east-2');
    }
  });

  test.each([...HOSTILE_NAMES])(
    'takes the name as one argument and runs nothing else: %j',
    (name) => expectNothingElse(shellName, name),
  );
});

test('a shell that is missing is named in the output', () => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(shellsHere((name) => name !== 'zsh')).toEqual(['bash']);
  expect(written.mock.calls).toEqual([
    ['NOT TRIED: commands pasted into zsh, which is not installed here\n'],
  ]);
  written.mockRestore();
});

test('a command is printable ASCII on one line, without what ends a code span', () => {
  fc.assert(
    fc.property(hostileName, (name) => {
      for (const command of commandsWith(name)) expect(command).toMatch(/^[ -_a-~]+$/);
    }),
    { numRuns: 50, seed: 14 },
  );
});

test.each([
  ['plain names stay as they are', 'mistral/dev/team_key-1.2', 'mistral/dev/team_key-1.2'],
  ['so do ARNs', 'arn:aws:iam::111122223333:role/a+b', 'arn:aws:iam::111122223333:role/a+b'],
  ['an empty one', '', "''"],
  ['blanks', 'a b', "'a b'"],
  ['JSON', '{"a":["b"]}', '\'{"a":["b"]}\''],
  ['what a quote ends', "it's", "$'it\\x27s'"],
  ['a substitution', '$(x)`y`!', "$'\\x24(x)\\x60y\\x60\\x21'"],
  ['what is beyond ASCII, as bytes', 'é', "$'\\xc3\\xa9'"],
])('%s', (_name, value, argument) => {
  expect(shell`aws x --id ${value}`).toBe(`aws x --id ${argument}`);
});

test('a value that begins with a dash is no option', () => {
  expect(shell`aws x --id ${'--no-sign'} y`).toBe("aws x --id='--no-sign' y");
  expect(shell`npx mistral-governance keys supply ${'-x'}`).toBe(
    "npx mistral-governance keys supply -- '-x'",
  );
});
