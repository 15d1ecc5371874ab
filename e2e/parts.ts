import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { createApp } from './app.js';
import { startAwsProxy } from './aws-proxy.js';
import { openCloud } from './cloud.js';
import { startEmulator } from './emulator.js';
import { openInbox } from './inbox.js';
import { startMistral } from './mistral.js';
import type { Report } from './report.js';
import { openShell } from './shell.js';

interface PartsOptions {
  /** Whose workspaces Mistral has, from the root of this repository. @default as shipped */
  readonly policy?: string;
  /** How long flows wait for any instant to come. @default until then */
  readonly flowWaitSeconds?: number;
}

export type Parts = Awaited<ReturnType<typeof startParts>>;

/** Starts all that a journey needs. `onStart` gets what stops each, in the order of the starts. */
export async function startParts(
  report: Report,
  onStart: (stop: () => unknown) => void,
  { policy = 'governance.yaml', flowWaitSeconds }: PartsOptions = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'governance-e2e-'));
  onStart(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const proxy = await startAwsProxy();
  onStart(() => proxy.close());
  const emulator = await report.step('emulator installed and started', () =>
    startEmulator(folder, proxy, onStart, flowWaitSeconds),
  );
  const { workspaces } = loadPolicy(join(import.meta.dirname, '..', policy));
  const mistral = await startMistral(workspaces);
  onStart(() => mistral.close());
  const cloud = openCloud(emulator);
  onStart(() => cloud.close());
  const inbox = await openInbox(cloud);
  const shell = openShell(emulator, folder);
  onStart(() => shell.close());
  const app = createApp(emulator, folder);
  return { emulator, proxy, mistral, cloud, inbox, shell, app, folder, report };
}
