import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { POLICY_FILE } from '../governance/policy/policy-file.js';
import { bundleFunction, functionFolders } from '../supply-chain/bundle.js';
import { FUNCTION_ENVIRONMENT } from '../supply-chain/function-environment.js';
import { inFolder, runProcess, writeProcess } from './child-process.js';
import { atMost, type Benchmark, median } from './figure.js';

const MOST_RATIO = 2;
const ROUNDS = 21;
const EMPTY = 'empty handler';

const ReadySchema = z.object({ readyAtMs: z.number() });

/** The time from the start of Node until a function can take its first event. */
export const benchFunctionStarts: Benchmark = (progress) =>
  inFolder(async (folder) => {
    const script = await writeProcess('processes/import-handler', folder);
    const names = [EMPTY, ...functionFolders()];
    for (const name of names) await unpack(name, folder);

    const startMs = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = 1; round <= ROUNDS; round += 1) {
      progress(`round ${round} of ${ROUNDS}`);
      for (const [name, times] of startMs) times.push(await timeStart(script, join(folder, name)));
    }
    const emptyMs = startMs.get(EMPTY) ?? [];
    progress(`an empty handler is ready after ${median(emptyMs).toFixed(0)} ms`);
    return functionFolders().map((name) =>
      atMost(MOST_RATIO, {
        name: `start-ratio/${name}`,
        value: median(ratios(startMs.get(name) ?? [], emptyMs)),
        unit: '× an empty handler',
      }),
    );
  });

/** Each start compared with the empty one of its round, so that a busy machine slows both. */
function ratios(timesMs: readonly number[], emptyMs: readonly number[]): number[] {
  return timesMs.map((timeMs, round) => timeMs / (emptyMs[round] ?? Number.NaN));
}

/** The files of a function as deployed on Lambda. */
async function unpack(name: string, folder: string): Promise<void> {
  const taskRoot = join(folder, name);
  mkdirSync(taskRoot);
  const code =
    name === EMPTY ? 'export const handler = async () => {};' : (await bundleFunction(name)).code;
  writeFileSync(join(taskRoot, 'index.mjs'), code);
  const policy = loadPolicy(join(import.meta.dirname, '..', 'governance.yaml'));
  writeFileSync(join(taskRoot, POLICY_FILE), JSON.stringify(policy));
}

async function timeStart(script: string, taskRoot: string): Promise<number> {
  const startedAtMs = performance.timeOrigin + performance.now();
  const url = pathToFileURL(join(taskRoot, 'index.mjs')).href;
  const said = await runProcess(script, [url], {
    ...FUNCTION_ENVIRONMENT,
    LAMBDA_TASK_ROOT: taskRoot,
  });
  return ReadySchema.parse(said).readyAtMs - startedAtMs;
}
