import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Cli } from '../../cli/cli.js';
import { EXIT, EXIT_CODES_HELP } from '../../cli/failure.js';
import { createProgram } from '../../cli/program.js';
import { headingsOf } from '../support/markdown.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');

/** Commands that do something, by their whole names. */
function commandsOf(command: Command, above: readonly string[] = []): [string, Command][] {
  return command.commands.flatMap((each) => {
    const path = [...above, each.name()];
    const isGroup = each.commands.length > 0 && each.name() !== 'audit';
    const own: [string, Command][] = isGroup ? [] : [[path.join(' '), each]];
    return [...own, ...commandsOf(each, path)];
  });
}

const commands = commandsOf(createProgram({} as Cli));

test('every command has its heading on its page, and its own help with examples', () => {
  expect(commands.length).toBeGreaterThan(3);
  const names = commands.map(([name]) => name);
  expect(headingsOf(PAGE)).toEqual(expect.arrayContaining(names));
  for (const [name, command] of commands) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain(`Examples:\n  $ mistral-governance ${name}`);
  }
});

test('every exit code is in the help and on the page', () => {
  for (const code of Object.values(EXIT)) {
    expect(EXIT_CODES_HELP).toMatch(new RegExp(`^ {2}${code} `, 'm'));
    expect(PAGE).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  }
});
