import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import type { PublishedMessage } from '../../testing/fakes/alert-inbox.js';

const StepSchema = z.object({ say: z.string(), command: z.string().optional() });
const AlertSchema = z.object({ nextSteps: z.array(StepSchema).default([]) });

export type Step = z.infer<typeof StepSchema>;

/** What an alert asks on-call to do. */
export function stepsOf({ bodies }: PublishedMessage): readonly Step[] {
  return AlertSchema.parse(JSON.parse(bodies.default ?? '{}')).nextSteps;
}

/** Those of the commands that a local stand-in can take; the others only read, or deploy. */
export function isLocal(command: string): boolean {
  if (/^aws (secretsmanager|stepfunctions) /.test(command)) return true;
  if (/^aws (cloudtrail lookup-events|s3 cp) |^npx |^https:/.test(command)) return false;
  throw new Error(`neither run nor known to change nothing: ${command}`);
}

/** A bash of on-call's, whose `aws` is a local account. Returns what was printed. @throws Error with stderr */
export function openBash(endpoint: string): (command: string) => Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'on-call-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const shim = join(import.meta.dirname, 'aws-shim.mjs');
  const script = `#!/bin/sh\nexec '${process.execPath}' '${shim}' '${endpoint}' "$@"\n`;
  writeFileSync(join(folder, 'aws'), script, { mode: 0o755 });
  const env = { PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` };
  return async (command) => {
    const { stdout } = await promisify(execFile)(
      'bash',
      ['--norc', '-eo', 'pipefail', '-c', command],
      {
        env,
      },
    );
    return stdout.trim();
  };
}
