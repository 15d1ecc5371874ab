import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { commandsWith } from './hostile-names.js';

/** Shells as people paste into them: interactive, with expansion of history. */
export const SHELLS = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
} as const;

export type ShellName = keyof typeof SHELLS;

/** The shells to paste into. Says which this machine lacks: nothing is proven for those here. */
export function shellsHere(isHere = hasShell): ShellName[] {
  const names = Object.keys(SHELLS) as ShellName[];
  const missing = names.filter((name) => !isHere(name));
  for (const name of missing) {
    process.stderr.write(`NOT TRIED: commands pasted into ${name}, which is not installed here\n`);
  }
  return names.filter((name) => !missing.includes(name));
}

function hasShell(name: ShellName): boolean {
  return ['/bin', '/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, name)));
}

const PROGRAMS = ['aws', 'npx', 'mistral-governance', 'jq', 'sort', 'head', 'grep'];

/** Readers of a pipe record after who writes into it. */
const PRELUDE = [
  `record() { printf '%s\\0' "$#" "$@" >>"$RECORD"; }`,
  ...PROGRAMS.map((name) => {
    const isReader = ['jq', 'sort', 'head', 'grep'].includes(name);
    const drain = isReader ? `local all; IFS= read -r -d '' all; ` : '';
    return `${name}() { ${drain}record ${name} "$@"; return 0; }`;
  }),
].join('\n');

/** The programs that a shell starts for these commands, each with its arguments, and the files that it leaves. */
export async function pasted(shell: ShellName, commands: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'pasted-'));
  const record = join(mkdtempSync(join(tmpdir(), 'record-')), 'argv');
  writeFileSync(record, '');
  const [program, ...options] = SHELLS[shell];
  const child = spawn(program, options, {
    cwd: folder,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      RECORD: record,
      HISTFILE: '',
      PS1: '',
      LC_ALL: 'C',
    },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(
    `${PRELUDE}\n${commands.map((command) => `{ ${command}; } </dev/null`).join('\n')}\nexit\n`,
  );
  await once(child, 'close');
  return { started: recorded(readFileSync(record, 'utf8')), files: readdirSync(folder) };
}

function recorded(text: string): string[][] {
  const words = text.split('\0').slice(0, -1);
  const started: string[][] = [];
  while (words.length > 0) {
    const count = Number(words.shift());
    started.push(words.splice(0, count));
  }
  return started;
}

export const PLAIN = 'Plain0';

/** Argument lists of programs: as they are for a plain name, with this name in its place. */
function withName(started: readonly string[][], name: string): Set<string> {
  const replaced = (text: string) => text.replaceAll(PLAIN, () => name);
  const asArgument = (text: string) =>
    isJson(text)
      ? deep(JSON.parse(text), replaced)
      : Buffer.from(replaced(text).replaceAll('\0', '\ufffd')).toString();
  return new Set(started.map((argv) => JSON.stringify(argv.map(asArgument))));
}

/** The same of what was really started; options and values may be joined where a value begins with a dash. */
function asStarted(started: readonly string[][]): Set<string> {
  return new Set(
    started.map((argv) => {
      const words = argv
        .flatMap((word) => /^(--[a-z-]+)=(-.*)$/s.exec(word)?.slice(1) ?? [word])
        .filter((word, at, all) => !(word === '--' && all[at + 1]?.startsWith('-')));
      return JSON.stringify(words.map((word) => (isJson(word) ? JSON.parse(word) : word)));
    }),
  );
}

function isJson(text: string): boolean {
  return /^[[{]"/.test(text) || /^\[\{"/.test(text);
}

function deep(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => deep(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, deep(one, change)]));
}

const plainRuns = new Map<ShellName, ReturnType<typeof pasted>>();

/** All commands, pasted with this name in them, start what they start with a plain one. */
export async function expectNothingElse(shell: ShellName, name: string): Promise<void> {
  const plain = plainRuns.get(shell) ?? pasted(shell, commandsWith(PLAIN));
  plainRuns.set(shell, plain);
  const { started, files } = await pasted(shell, commandsWith(name));
  expect(files).toEqual([]);
  expect(asStarted(started)).toEqual(withName((await plain).started, name));
}
