import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Assembly } from './app.js';
import { COMMANDS, FOLLOWED, readPage } from './documents.js';
import type { Parts } from './parts.js';
import { claim, type Report } from './report.js';
import { openShell, PASTED } from './shell.js';

const ROOT = join(import.meta.dirname, '..');

interface NotRun {
  readonly part: string;
  readonly why: string;
  /** Its parameters are still checked, by the AWS CLI. */
  readonly isChecked?: boolean;
}

/** Blocks of the pages that are not pasted, each by a part of it. */
export const NOT_RUN: readonly NotRun[] = [
  { part: 'npm ci && npm start', why: '.ci/run does, of which this run is a part' },
  { part: 'npm ci  ', why: '.ci/run does, of which this run is a part' },
  { part: 'git revert', why: 'it changes a repository; its deploy is that of the README' },
  { part: 'cdk rollback', why: 'no roll back has stopped here' },
  { part: 'create-stack-set', why: 'MiniStack has no StackSets', isChecked: true },
  { part: 'stop-replication-to-replica --', why: 'MiniStack has no such operation' },
];

/** Each block of the pages that the journey has not pasted yet, in a copy of what a clone has. */
export async function followPages(
  { app, emulator, folder }: Parts,
  assembly: Assembly,
  policyPath: string,
): Promise<void> {
  const clone = join(folder, 'clone');
  copyRepository(clone);
  cpSync(policyPath, join(clone, 'governance.yaml'));
  symlinkSync(assembly.path, join(clone, 'cdk.out'));
  const shell = openShell(emulator, clone);
  try {
    await app.openIn(shell, assembly);
    await shell.paste(`cd '${clone}'`);
    await shell.paste(COMMANDS.defineNames);
    for (const { text } of FOLLOWED.flatMap((page) => readPage(page).blocks)) {
      const skipped = notRun(text);
      if (skipped?.isChecked) await shell.paste(withoutCalls(text));
      else if (!skipped && !isPasted(text) && !LATER.includes(text)) await shell.paste(text);
    }
  } finally {
    await shell.close();
  }
}

/** After the journey, each block of the pages was pasted, or it is said why not. */
export function claimFollowed(report: Report): void {
  for (const page of FOLLOWED) {
    const blocks = readPage(page).blocks.map(({ text }) => text);
    for (const text of blocks) {
      const skipped = notRun(text);
      const [first = ''] = text.split('\n');
      if (skipped) report.note(`${page}, not run: ${first.trim()} (${skipped.why})`);
      else claim(isPasted(text), `a command of ${page} that was pasted`, text);
    }
  }
}

/** By another part of this run. */
const LATER = [
  COMMANDS.callGateway,
  COMMANDS.recovery.prepareRegion,
  COMMANDS.recovery.deployElsewhere,
  COMMANDS.recovery.forgetSecrets,
];

function notRun(text: string): NotRun | undefined {
  return NOT_RUN.find(({ part }) => text.includes(part));
}

/** Names that a reader sets may differ, and so may the indentation of what `--stay` prints. */
function isPasted(text: string): boolean {
  return [...PASTED].some((pasted) => plainText(pasted) === plainText(text));
}

function plainText(text: string): string {
  const [indent = ''] = /^ */.exec(text) ?? [];
  const lines = text.split('\n').map((line) => line.replace(indent, ''));
  return lines
    .join('\n')
    .trim()
    .replace(/^([A-Z_]+)=\S+/gm, '$1=');
}

/** The AWS CLI then checks each command, and answers with an example. */
function withoutCalls(text: string): string {
  return text
    .split(/(?<!\\)\n/)
    .map((command) => `${command} --generate-cli-skeleton output`)
    .join('\n');
}

/** What git knows of, and what is new. */
function copyRepository(to: string): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  for (const file of files.filter((name) => name !== '' && name !== 'governance.yaml')) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(ROOT, file), join(to, file));
  }
}
