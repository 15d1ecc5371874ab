import { CALLER_HEADER } from '../plain-server.js';
import { LATE, within } from '../waiting.js';
import { callerOf, slug } from './account.js';
import { isNpmClient, runNpmTask } from './npm-clients.js';
import type { startPypiClients } from './pypi-clients.js';
import { LIMIT_SECONDS, type Run, type SdkClient, SMALL } from './tasks.js';

/** Runs calls of all clients against the gateway at `url`, each as a session of its own. */
export function runnerFor(
  url: string,
  pypi: Awaited<ReturnType<typeof startPypiClients>>,
  onRun: (client: SdkClient) => void = () => {},
): Run {
  let runs = 0;
  return async (client, call, role, changes) => {
    runs += 1;
    const caller = callerOf(role, `${slug(client)}-${runs}`);
    const given = { url, model: SMALL, maxTokens: 300, prompt: 'Say hello.' };
    const headers = { [CALLER_HEADER]: caller, ...changes?.headers };
    const task = { ...given, ...changes, client, call, headers };
    onRun(client);
    const outcome = await within(
      LIMIT_SECONDS * 1000,
      isNpmClient(client) ? runNpmTask({ ...task, client }) : pypi.run(task),
    );
    const endedAtMs = performance.now();
    return { ...(outcome === LATE ? { kind: 'late' } : outcome), caller, endedAtMs };
  };
}
