import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALLER_HEADER } from '../plain-server.js';
import { claim, type Report } from '../report.js';
import { awayFromMidnight, LATE, within } from '../waiting.js';
import { callerOf, policyDocument, slug } from './account.js';
import { checkAnswers } from './answers.js';
import { isNpmClient, runNpmTask } from './npm-clients.js';
import { startPypiClients } from './pypi-clients.js';
import { checkRefusals } from './refusals.js';
import { startSdkServer } from './server.js';
import { LIMIT_SECONDS, type Run, SMALL } from './tasks.js';

/** What the official SDKs get from the plain server: answers of every kind, and every refusal. */
export async function callWithSdks(
  report: Report,
  onStart: (stop: () => unknown) => void,
): Promise<void> {
  const { env } = process;
  const folder = mkdtempSync(join(tmpdir(), 'governance-sdks-'));
  onStart(() => rmSync(folder, { recursive: true, force: true }));
  const pypi = await report.step('official SDKs of PyPI installed', () =>
    startPypiClients(env, onStart),
  );
  await awayFromMidnight(report.note);
  const server = await startSdkServer(policyDocument(), folder, env, onStart);
  let runs = 0;

  const run: Run = async (client, call, role, changes) => {
    runs += 1;
    const caller = callerOf(role, `${slug(client)}-${runs}`);
    const given = { url: server.url, model: SMALL, maxTokens: 300, prompt: 'Say hello.' };
    const headers = { [CALLER_HEADER]: caller, ...changes?.headers };
    const task = { ...given, ...changes, client, call, headers };
    report.count('stepsDriven', `official SDK: ${client}`);
    const outcome = await within(
      LIMIT_SECONDS * 1000,
      isNpmClient(client) ? runNpmTask({ ...task, client }) : pypi.run(task),
    );
    const endedAtMs = performance.now();
    return { ...(outcome === LATE ? { kind: 'late' } : outcome), caller, endedAtMs };
  };

  await report.step('official SDKs answered by the plain server', async () => {
    const faults = await checkAnswers(run, server);
    for (const fault of faults) report.note(JSON.stringify(fault));
    claim(faults.length === 0, 'the answers that were asked for', faults);
  });
  await report.step(
    'official SDKs refused by it, without long sleeps or many retries',
    async () => {
      const { faults, lines } = await checkRefusals(run, server);
      for (const line of lines) report.note(line);
      for (const fault of faults) report.note(JSON.stringify(fault));
      claim(faults.length === 0, 'refusals as documented', faults);
    },
  );
}
