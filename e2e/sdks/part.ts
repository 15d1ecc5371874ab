import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim, type Report } from '../report.js';
import { awayFromMidnight } from '../waiting.js';
import { policyDocument } from './account.js';
import { checkAnswers, checkHead } from './answers.js';
import { startPypiClients } from './pypi-clients.js';
import { checkRefusals } from './refusals.js';
import { runnerFor } from './run.js';
import { startSdkServer } from './server.js';

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
  const run = runnerFor(server.url, pypi, (client) =>
    report.count('stepsDriven', `official SDK: ${client}`),
  );

  await report.step('official SDKs answered by the plain server', async () => {
    const faults = [...(await checkAnswers(run)), ...(await checkHead(server.url))];
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
