import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { endGroup } from './commands.js';
import { COMMANDS } from './documents.js';
import { descendantsOf, stillRunning } from './processes.js';
import { claim, type Report } from './report.js';
import { openShell, type Shell } from './shell.js';
import { LAST_LINE } from './stay.js';
import { CACHE, installTools, putUserCommands } from './tools.js';
import { LATE, within } from './waiting.js';

const START_MS = 600_000;
const END_MS = 90_000;
/** What a user's own shell may have, and what is printed has to win over. */
const ELSEWHERE = {
  AWS_PROFILE: 'elsewhere',
  AWS_SESSION_TOKEN: 'of-another-account',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
};

/** Runs `--stay` as a user does, and pastes what it prints into a shell of theirs; ^C ends all of it. */
export async function visitStayed(
  report: Report,
  onStart: (stop: () => unknown) => void,
  isOperator: boolean,
): Promise<void> {
  const { env } = process;
  const flags = ['--stay', ...(isOperator ? ['--operator'] : [])];
  const { stayed, shell } = await report.step(`${flags.join(' ')} started`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'governance-visit-'));
    onStart(() => rmSync(folder, { recursive: true, force: true }));
    const tools = await installTools(CACHE, env);
    const path = `${putUserCommands(folder, tools, env)}${delimiter}${env.PATH}`;
    const shell = openShell({ env: { ...env, ...ELSEWHERE, PATH: path } }, folder);
    onStart(() => shell.close());
    return { shell, stayed: await start(flags, onStart) };
  });
  const { settings, commands } = stayed;
  claim(commands.length === 5, 'five commands', commands);
  await report.step(`pasted what ${flags.join(' ')} prints`, async () => {
    await shell.paste(settings);
    const policy = loadPolicy(stayed.policyPath);
    const secretName = secretNameIn(commands);
    const before = isOperator ? undefined : await keyOf(shell, secretName);
    const [listed = '', ...printed] = await paste(shell, commands);
    const text = printed.join('\n');
    const names = plannedKeys(policy).map(({ key }) => key.name);
    claim(
      names.every((name) => listed.includes(name)),
      'every key listed',
      listed,
    );
    claim(!/[1-9]\d* days/.test(listed), 'keys that are as old as the run', listed);
    claim(text.includes('"chat.completion"'), 'an answer of the gateway', text);
    claim(text.includes(`new key of ${secretName} is current`), 'a new key', text);
    claim(text.includes('AWSCURRENT'), 'a current version', text);
    await claimKeyWorks(shell, policy, secretName, before);
    if (isOperator) return;
    const labels = await shell.paste(COMMANDS.showFirstKey);
    claim(labels.includes('AWSCURRENT'), 'a first key, as README shows it', labels);
  });
  await report.step(`^C left nothing of ${flags.join(' ')}`, () => stayed.interrupt());
}

/** The process, once it has printed all. */
async function start(flags: readonly string[], onStart: (stop: () => unknown) => void) {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'main.ts'), ...flags],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  onStart(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    if ((await within(END_MS, ended)) === LATE) endGroup(child);
  });
  const printed: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => printed.push(line));
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      if (line === LAST_LINE) resolve();
    });
    child.once('exit', (status) =>
      reject(new Error(`--stay ended with ${status}:\n${printed.join('\n')}`)),
    );
  });
  if ((await within(START_MS, ready)) === LATE) {
    throw new Error(`--stay is not ready:\n${printed.join('\n')}`);
  }
  ready.catch(() => {}); // it ends later
  const pasted = printed.filter((line) => line.startsWith('  ')).join('\n');
  const [before = '', ...commands] = pasted.split(/^ {2}# \d\. .*\n/m);
  const settings = before.slice(before.indexOf('  cd '));
  const [, folder = ''] = /cd '(.*)\/stay'/.exec(settings) ?? [];

  return {
    settings,
    commands,
    policyPath: join(folder, 'stay', 'governance.yaml'),

    /** As a terminal does to all that is in its foreground. */
    async interrupt(): Promise<void> {
      const { pid = 0 } = child;
      const started = await descendantsOf(pid);
      claim(started.length > 2, 'an emulator, a gateway and functions', started);
      process.kill(-pid, 'SIGINT');
      const outcome = await within(END_MS, ended);
      claim(outcome !== LATE && outcome[0] === 130, 'an end with 130', outcome);
      const left = await stillRunning(started);
      claim(left.length === 0, 'no process', left);
      claim(!existsSync(folder), `no ${folder}`);
    },
  };
}

/** Which the last command shows. */
function secretNameIn(commands: readonly string[]): string {
  const [, secretName] = /--secret-id (\S+)/.exec(commands.at(-1) ?? '') ?? [];
  claim(secretName !== undefined, 'a last command that shows a secret', commands);
  return secretName;
}

/** As the README reads it. */
async function keyOf(shell: Shell, secretName: string): Promise<string> {
  return shell.paste(COMMANDS.readKey.replace(/--secret-id \S+/, `--secret-id ${secretName}`));
}

/** The key that is current now; the one before works too, until readers have had their time. */
async function claimKeyWorks(
  shell: Shell,
  { mistral }: Policy,
  secretName: string,
  before: string | undefined,
): Promise<void> {
  const after = await keyOf(shell, secretName);
  claim(after !== before, 'another key');
  for (const key of before === undefined ? [after] : [after, before]) {
    const headers = { authorization: `Bearer ${key}` };
    const { status } = await fetch(`${mistral.apiUrl}/v1/models`, { headers });
    claim(status === 200, 'a key that Mistral accepts', status);
  }
}

/** Returns what each printed. */
async function paste(shell: Shell, commands: readonly string[]): Promise<readonly string[]> {
  const printed: string[] = [];
  for (const command of commands) {
    // The command line says with 1 that something needs attention.
    const isList = command.includes('keys list');
    printed.push(await shell.paste(isList ? `{ ${command}\n} || [ $? = 1 ]` : command));
  }
  return printed;
}
