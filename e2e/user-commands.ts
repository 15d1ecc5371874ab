import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tools } from './install.js';

/** Puts the commands that README and runbook have users run where a shell finds them first. */
export function putUserCommands(
  folder: string,
  { python, packages }: Tools,
  url: string,
  env: NodeJS.ProcessEnv,
): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const put = (name: string, line: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${line} "$@"\n`, { mode: 0o755 });
  // The address by option: for SQS the AWS CLI does not heed the environment's.
  put('aws', `PYTHONPATH='${packages}' exec '${python}' -m awscli --endpoint-url '${url}'`);
  if (spawnSync('jq', ['--version'], { env }).status !== 0) {
    put('jq', `exec '${process.execPath}' '${join(import.meta.dirname, 'jq.mjs')}'`);
  }
  return bin;
}
