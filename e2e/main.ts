import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '../lib/load-policy.js';
import { createApp } from './app.js';
import { openCloud } from './cloud.js';
import { openDoor } from './door.js';
import { startEmulator } from './emulator.js';
import { openInbox } from './inbox.js';
import { LACKS, OTHERWISE } from './left-out.js';
import { startMistral } from './mistral.js';
import { createReport } from './report.js';
import { openShell } from './shell.js';
import { live } from './story.js';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, '.cache', 'e2e');

const folder = mkdtempSync(join(tmpdir(), 'governance-e2e-'));
const report = createReport((line) => console.log(line), Date.now);
const cleanUps: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];

async function main(): Promise<void> {
  console.log('the emulator lacks, and these are left out of the templates that it gets:');
  for (const { what, consequence } of LACKS) console.log(`  ${what}: ${consequence}`);

  console.log('the emulator does otherwise than AWS:');
  for (const line of OTHERWISE) console.log(`  ${line}`);

  const door = await openDoor();
  cleanUps.unshift(() => door.close());
  const emulator = await report.step('emulator installed and started', () =>
    startEmulator(CACHE, folder, door),
  );
  cleanUps.unshift(() => emulator.stop());
  const { workspaces } = loadPolicy(join(ROOT, 'governance.yaml'));
  const mistral = await startMistral(workspaces);
  cleanUps.unshift(() => mistral.close());
  const cloud = openCloud(emulator);
  cleanUps.unshift(() => cloud.close());
  const inbox = await openInbox(cloud);
  const shell = openShell(emulator, folder);
  cleanUps.unshift(() => shell.close());
  const app = createApp(emulator, folder);

  await live({ emulator, door, mistral, cloud, inbox, shell, app, folder, report });
  report.print();
}

async function cleanUp(): Promise<void> {
  for (const undo of cleanUps.splice(0)) await undo();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}

try {
  await main();
} catch (error) {
  process.exitCode = 1;
  console.error(`✗ ${error instanceof Error ? error.message : error}`);
} finally {
  await cleanUp();
}
