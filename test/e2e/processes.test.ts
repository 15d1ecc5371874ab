import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFunctionProcesses } from '../../e2e/processes.js';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'processes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Runs as the emulator runs a function. */
async function aFunction(folder: string, name: string): Promise<ChildProcess> {
  const unpacked = join(folder, `ministack-lambda-${name}-x1`);
  mkdirSync(unpacked);
  const worker = join(unpacked, '_worker.js');
  writeFileSync(worker, 'console.log("ready"); setInterval(() => {}, 1000);');
  const child = spawn(process.execPath, [worker], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('the process of one function of this run is killed, and no other', async () => {
  const [folder, otherRun] = [aFolder(), aFolder()];
  const killed = await aFunction(folder, 'Rotation');
  const others = [
    await aFunction(folder, 'RotationTwo'),
    await aFunction(folder, 'Audit'),
    await aFunction(otherRun, 'Rotation'),
  ];
  const exited = once(killed, 'exit');
  await createFunctionProcesses(folder).kill('Rotation');
  expect((await exited)[1]).toBe('SIGKILL');
  expect(others.map(({ signalCode }) => signalCode)).toEqual([null, null, null]);
});

test('fails where nothing runs the function', async () => {
  const kill = createFunctionProcesses(aFolder()).kill('Rotation');
  await expect(kill).rejects.toThrow('expected a process that runs Rotation');
});
