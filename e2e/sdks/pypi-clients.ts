import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { endGroup } from '../commands.js';
import { CACHE, installTools, SDK_PACKAGES } from '../tools.js';
import { BACKOFF, DOCUMENT, IMAGE, type SdkOutcome, type SdkTask, VOICE } from './tasks.js';

const LineSchema = z.object({ id: z.number(), outcome: z.custom<SdkOutcome>() });

/** The program that runs tasks with the clients of PyPI, many at once. */
export async function startPypiClients(
  env: NodeJS.ProcessEnv,
  onStart: (stop: () => unknown) => void,
) {
  const { python, packages } = await installTools(CACHE, env, SDK_PACKAGES);
  const child = spawn(python, [join(import.meta.dirname, 'pypi_clients.py')], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...env,
      PYTHONPATH: packages,
      HF_HUB_OFFLINE: '1',
      LANGSMITH_TRACING: 'false',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
  });
  onStart(() => endGroup(child));
  const waiting = new Map<number, (outcome: SdkOutcome) => void>();
  let asked = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, outcome } = LineSchema.parse(JSON.parse(line));
    waiting.get(id)?.(outcome);
    waiting.delete(id);
  });
  return {
    run(task: SdkTask): Promise<SdkOutcome> {
      asked += 1;
      const id = asked;
      const given = {
        ...task,
        id,
        image: IMAGE,
        document: DOCUMENT,
        voice: VOICE,
        backoff: BACKOFF,
      };
      child.stdin.write(`${JSON.stringify(given)}\n`);
      return new Promise((resolve) => waiting.set(id, resolve));
    },
  };
}
