import { ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import { parseKeyName, tokenOf } from '../governance/policy/key-name.js';
import { FunctionError } from './cloud.js';
import { executionArnOf, historyOf, retired } from './executions.js';
import { claimInvariants } from './invariants.js';
import { claim } from './report.js';
import { askToRotate, type Scene } from './scene.js';
import { currentVersion, readKey } from './secrets.js';
import { LATE, within } from './waiting.js';

/** What the emulator says of a function whose process has gone. */
const DIED = 'Worker process died';
const REACHED_MS = 120_000;

/**
 * One rotation and the retirement after it, whose functions are killed at every place where what was
 * done could be forgotten: the call has been acted on, its answer is lost, the process is gone.
 */
export async function surviveKills(scene: Scene, secretName: string): Promise<void> {
  const { rotations, mistral, proxy } = scene;
  const old = await readKey(scene, secretName);
  const oldVersionId = (await currentVersion(scene, secretName)) ?? '';
  const versionId = await rotations.begin(secretName, () => askToRotate(scene, secretName));
  const attempt = () => rotations.attempt(secretName, versionId);

  // A key whose plaintext is lost.
  const made = mistral.faults.loseAnswer(
    ({ method, url }) => method === 'POST' && url.pathname === '/v1/admin/api-keys',
  );
  await killRotation(scene, attempt, 'createSecret, when Mistral had made the key', made);
  claim(keysOf(scene, versionId).length === 1, 'a key at Mistral that no version holds');

  // A key that is stored while the answer to that is lost.
  const stored = proxy.faults.loseAnswer(
    ({ target, body }) => target === 'secretsmanager.PutSecretValue' && body.includes(versionId),
  );
  await killRotation(scene, attempt, 'createSecret, when the key was stored', stored);
  claim(keysOf(scene, versionId).length === 2, 'a second key beside the one that no version holds');

  const { keyId, apiKey } = await readKey(scene, secretName, versionId);
  const tested = mistral.faults.loseAnswer(
    ({ headers }) => headers.authorization === `Bearer ${apiKey}`,
  );
  await killRotation(scene, attempt, 'testSecret, when Mistral had accepted the key', tested);
  const left = keysOf(scene, versionId);
  claim(left.join() === keyId, 'no key of a lost attempt once another has gone on', left);

  const moved = proxy.faults.loseAnswer(
    ({ target, body }) =>
      target === 'secretsmanager.UpdateSecretVersionStage' &&
      body.includes('AWSCURRENT') &&
      body.includes(versionId),
  );
  await killRotation(scene, attempt, 'finishSecret, when the label had moved', moved);
  const current = await currentVersion(scene, secretName);
  claim(current === versionId, 'a label that has moved', current);
  claim(!(await isRetirementThere(scene, versionId)), 'a retirement that was not started yet');

  const verifying = mistral.faults.loseAnswer(
    ({ method, url }) => method === 'GET' && url.searchParams.get('name') === tokenOf(oldVersionId),
  );
  const revoking = mistral.faults.loseAnswer(
    ({ method, url }) => method === 'DELETE' && url.pathname.endsWith(`/${old.keyId}`),
  );
  mistral.makeUnused(old.keyId); // audits try keys
  await attempt();
  await killTask(scene, 'verify', 'verify, when Mistral had listed keys', verifying);
  await killTask(scene, 'revoke', 'revoke, when Mistral had deleted the key', revoking);
  claim(!mistral.accepts(old.apiKey), 'a key deleted though the answer was lost');
  await retired(scene, versionId);
  await claimKilledInHistory(scene, versionId, 2);

  const key = await readKey(scene, secretName);
  claim(key.keyId === keyId, 'the current key that was stored first', key.keyId);
  claim((await mistral.statusFor(key.apiKey)) === 200, 'a new key that Mistral accepts');
  claim((await mistral.statusFor(old.apiKey)) === 401, 'an old key that Mistral rejects');
  await claimInvariants(scene);
}

/** A rotation step: it must be in the middle of its work, go with its process, fail by that, and harm nothing. */
async function killRotation(
  scene: Scene,
  attempt: () => Promise<void>,
  where: string,
  acted: Promise<void>,
): Promise<void> {
  const outcome = attempt().then(
    () => 'an attempt that went through',
    (error: unknown) => error,
  );
  await Promise.race([inTime(acted, where), outcome]);
  await scene.processes.kill(scene.outputs.RotationFunctionName);
  const error = await outcome;
  const died = error instanceof FunctionError && error.message.includes(DIED);
  claim(died, `a function that dies in ${where}`, String(error));
  scene.report.count('functionsKilled', `in ${where}`);
  await claimInvariants(scene);
}

/** A task of the retirement flow, which Step Functions tries again by itself. */
async function killTask(
  { processes, functions, report }: Scene,
  task: 'verify' | 'revoke',
  where: string,
  acted: Promise<void>,
): Promise<void> {
  await inTime(acted, where);
  await processes.kill(functions[task]);
  report.count('functionsKilled', `in ${where}`);
}

async function inTime(acted: Promise<void>, where: string): Promise<void> {
  const seconds = REACHED_MS / 1000;
  claim((await within(REACHED_MS, acted)) !== LATE, `a call in ${where} within ${seconds} s`);
}

async function claimKilledInHistory(scene: Scene, name: string, times: number): Promise<void> {
  const failures = (await historyOf(scene, executionArnOf(scene, name))).filter(({ type }) =>
    type?.endsWith('Failed'),
  );
  const causes = failures.map(
    (event) => (event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails)?.cause,
  );
  const deaths = causes.filter((cause) => cause?.includes(DIED));
  claim(deaths.length === times && causes.length === times, `${times} tasks that died`, causes);
}

async function isRetirementThere(scene: Scene, versionId: string): Promise<boolean> {
  const executionArn = executionArnOf(scene, versionId);
  try {
    await scene.cloud.stepFunctions.describeExecution({ executionArn });
    return true;
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
}

/** Ids of the keys at Mistral that a rotation has made. */
function keysOf({ mistral }: Scene, versionId: string): string[] {
  const token = tokenOf(versionId);
  return mistral.fake.keys
    .all()
    .flatMap(({ id, name }) => (parseKeyName(name ?? '')?.token === token ? [id] : []));
}
