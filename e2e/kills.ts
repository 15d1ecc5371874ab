import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  paginateGetExecutionHistory,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { parseKeyName, tokenOf } from '../governance/policy/key-name.js';
import { FunctionError } from './cloud.js';
import { claimInvariants } from './invariants.js';
import { claim } from './report.js';
import { askToRotate, executionArnOf, readKey, retired, type Scene } from './scene.js';
import { LATE, within } from './waiting.js';

/** What the emulator says of a function whose process has gone. */
const DIED = 'Worker process died';
const REACHED_MS = 120_000;

/**
 * One rotation and the retirement after it, whose functions are killed at every place where what was
 * done could be forgotten: the call has been acted on, its answer is lost, the process is gone.
 */
export async function surviveKills(scene: Scene, secretName: string): Promise<void> {
  const { rotations, mistral } = scene;
  const old = await readKey(scene, secretName);
  const oldVersionId = await versionInCharge(scene, secretName);
  const versionId = await rotations.begin(secretName, () => askToRotate(scene, secretName));
  const attempt = () => rotations.attempt(secretName, versionId);

  await killInCreateSecret(scene, versionId, attempt);
  const { keyId } = await pendingKey(scene, secretName, versionId);
  await killInTestSecret(scene, keyId, attempt);
  const left = keysOf(scene, versionId);
  claim(left.join() === keyId, 'no key of a lost attempt once another has gone on', left);
  await killInFinishSecret(scene, secretName, versionId, attempt);

  const verifying = mistral.gate.loseAnswer(
    ({ method, url }) => method === 'GET' && url.searchParams.get('name') === tokenOf(oldVersionId),
  );
  const revoking = mistral.gate.loseAnswer(
    ({ method, url }) => method === 'DELETE' && url.pathname.endsWith(`/${old.keyId}`),
  );
  mistral.makeUnused(old.keyId); // audits try keys
  await attempt();
  await killInRetirement(scene, 'verify', verifying);
  await killInRetirement(scene, 'revoke', revoking);
  claim(!mistral.accepts(old.apiKey), 'a key deleted though nobody heard of it');
  await retired(scene, versionId);
  await claimKilledInHistory(scene, versionId, 2);

  const current = await readKey(scene, secretName);
  claim(current.keyId === keyId, 'the key in charge that was stored first', current.keyId);
  claim((await mistral.statusFor(current.apiKey)) === 200, 'a new key that Mistral takes');
  claim((await mistral.statusFor(old.apiKey)) === 401, 'an old key that Mistral refuses');
  await claimInvariants(scene);
}

/** First a key whose plaintext is lost, then one that is stored while the answer to that is lost. */
async function killInCreateSecret(
  scene: Scene,
  versionId: string,
  attempt: () => Promise<void>,
): Promise<void> {
  const { mistral, door } = scene;
  const made = mistral.gate.loseAnswer(
    ({ method, url }) => method === 'POST' && url.pathname === '/v1/admin/api-keys',
  );
  await killedWhile(scene, 'createSecret, when Mistral had made the key', made, attempt);
  claim(keysOf(scene, versionId).length === 1, 'a key at Mistral that nobody has');
  await claimInvariants(scene);

  const stored = door.gate.loseAnswer(
    ({ target, body }) => target === 'secretsmanager.PutSecretValue' && body.includes(versionId),
  );
  await killedWhile(scene, 'createSecret, when the key was stored', stored, attempt);
  claim(keysOf(scene, versionId).length === 2, 'a second key beside the one that nobody has');
  await claimInvariants(scene);
}

async function killInTestSecret(
  scene: Scene,
  keyId: string,
  attempt: () => Promise<void>,
): Promise<void> {
  const { fake, gate } = scene.mistral;
  const key = fake.keys.made.find(({ id }) => id === keyId);
  const tested = gate.loseAnswer(
    ({ headers }) => headers.authorization === `Bearer ${key?.plaintext}`,
  );
  await killedWhile(scene, 'testSecret, when Mistral had let the key in', tested, attempt);
  await claimInvariants(scene);
}

async function killInFinishSecret(
  scene: Scene,
  secretName: string,
  versionId: string,
  attempt: () => Promise<void>,
): Promise<void> {
  const moved = scene.door.gate.loseAnswer(
    ({ target, body }) =>
      target === 'secretsmanager.UpdateSecretVersionStage' &&
      body.includes('AWSCURRENT') &&
      body.includes(versionId),
  );
  await killedWhile(scene, 'finishSecret, when the label had moved', moved, attempt);
  const inCharge = await versionInCharge(scene, secretName);
  claim(inCharge === versionId, 'a label that has moved', inCharge);
  claim(!(await isRetirementThere(scene, versionId)), 'a retirement that was not started yet');
  await claimInvariants(scene);
}

/** A rotation step: it must be in the middle of its work, go with its process, and fail by that. */
async function killedWhile(
  { processes, outputs, report }: Scene,
  where: string,
  acted: Promise<void>,
  attempt: () => Promise<void>,
): Promise<void> {
  const outcome = attempt().then(
    () => 'an attempt that went through',
    (error: unknown) => error,
  );
  await Promise.race([inTime(acted, where), outcome]);
  await processes.kill(outputs.RotationFunctionName);
  const error = await outcome;
  const died = error instanceof FunctionError && error.message.includes(DIED);
  claim(died, `a function that dies in ${where}`, String(error));
  report.count('functions killed', `in ${where}`);
}

/** A task of the retirement flow, which Step Functions tries again by itself. */
async function killInRetirement(
  { processes, functions, report }: Scene,
  task: 'verify' | 'revoke',
  acted: Promise<void>,
): Promise<void> {
  const where = {
    verify: 'verify, when Mistral had listed keys',
    revoke: 'revoke, when Mistral had deleted the key',
  };
  await inTime(acted, where[task]);
  await processes.kill(functions[task]);
  report.count('functions killed', `in ${where[task]}`);
}

async function inTime(acted: Promise<void>, where: string): Promise<void> {
  const seconds = REACHED_MS / 1000;
  claim((await within(REACHED_MS, acted)) !== LATE, `a call in ${where} within ${seconds} s`);
}

async function claimKilledInHistory(scene: Scene, name: string, times: number): Promise<void> {
  const client = scene.cloud.stepFunctions;
  const executionArn = executionArnOf(scene.outputs, name);
  const causes: unknown[] = [];
  for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
    for (const event of events) {
      if (!event.type?.endsWith('Failed')) continue;
      causes.push((event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails)?.cause);
    }
  }
  const deaths = causes.filter((cause) => String(cause).includes(DIED));
  claim(deaths.length === times && causes.length === times, `${times} tasks that died`, causes);
}

async function isRetirementThere({ cloud, outputs }: Scene, versionId: string): Promise<boolean> {
  const executionArn = executionArnOf(outputs, versionId);
  try {
    await cloud.stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    return true;
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
}

const PendingSchema = z.object({ keyId: z.string() });

async function pendingKey({ cloud }: Scene, SecretId: string, VersionId: string) {
  const { SecretString } = await cloud.secretsManager.send(
    new GetSecretValueCommand({ SecretId, VersionId }),
  );
  return PendingSchema.parse(JSON.parse(SecretString ?? 'null'));
}

/** Ids of the keys at Mistral that a rotation has made. */
function keysOf({ mistral }: Scene, versionId: string): string[] {
  const ours = mistral.fake.keys
    .all()
    .filter(({ name }) => parseKeyName(name ?? '')?.token === tokenOf(versionId));
  return ours.map(({ id }) => id);
}

async function versionInCharge({ cloud }: Scene, SecretId: string): Promise<string> {
  const { VersionIdsToStages = {} } = await cloud.secretsManager.send(
    new DescribeSecretCommand({ SecretId }),
  );
  const labels = Object.entries(VersionIdsToStages);
  return labels.find(([, stages]) => stages.includes('AWSCURRENT'))?.[0] ?? '';
}
