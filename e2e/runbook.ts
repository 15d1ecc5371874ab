import * as z from 'zod';
import { RetirementSchema } from '../governance/keys/retirement.js';
import { DAY_MS } from '../governance/platform/utc-day.js';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { COMMANDS } from './documents.js';
import { REGION } from './emulator.js';
import { executionArnOf, retired } from './executions.js';
import type { ReceivedAlert } from './inbox.js';
import { claimInvariants } from './invariants.js';
import { claim } from './report.js';
import { askToRotate, audit, receiveAlerts, type Scene } from './scene.js';
import { currentVersion, readKey } from './secrets.js';
import { until } from './waiting.js';

const LEAKED_SECRET = 'mistral/prod-workspace/checkout-service-key';
/** Past the seven days of the policy. */
const DAYS_HELD = 9;

/** The documented way to a key's value, which is of the same secret as the leaked one. */
export async function readWithCli({ shell, mistral }: Scene): Promise<void> {
  const plaintext = await shell.paste(COMMANDS.readKey);
  claim((await mistral.statusFor(plaintext)) === 200, 'a key read by the CLI that Mistral accepts');
}

/** The runbook's commands for a leaked key, one after the other, while it is in use. */
export async function replaceLeakedKey(scene: Scene): Promise<void> {
  const { shell, mistral, rotations, report } = scene;
  const leaked = await readKey(scene, LEAKED_SECRET);
  await rotations.rotate(LEAKED_SECRET, () => shell.paste(COMMANDS.rotateLeaked));
  await shell.paste(COMMANDS.awaitNewVersion);
  claim((await mistral.statusFor(leaked.apiKey)) === 200, 'a leaked key that still works');

  await shell.paste(COMMANDS.revokeLeaked);
  await until(
    'a retirement that ends at once',
    () => shell.paste(COMMANDS.statusOfRevocation),
    (status) => status.includes('SUCCEEDED'),
  );
  report.count('stepsDriven', 'retirement flow to its end');
  claim((await mistral.statusFor(leaked.apiKey)) === 401, 'a leaked key that Mistral rejects');
  const first = await shell.paste(COMMANDS.statusOfRetirement);
  claim(/RUNNING|SUCCEEDED/.test(first), 'no harm to the flow of the rotation itself', first);
  const history = await shell.paste('history_of');
  claim(history.includes('key-revoked'), 'a revocation in the history of the secret', history);
}

/** A key that is still used past its time: revocation is paused until the alert's command approves it. */
export async function approveHeldRetirement(scene: Scene, secretName: string): Promise<void> {
  const { cloud, shell, mistral, outputs, rotations } = scene;
  const old = await readKey(scene, secretName);
  claim((await mistral.statusFor(old.apiKey)) === 200, 'an old key that is used today');
  mistral.clock.daysBehind = DAYS_HELD; // no key counts as promoted before it was made
  const versionId = await rotations.rotate(secretName, () => askToRotate(scene, secretName));
  mistral.clock.daysBehind = 0;

  const { input = '' } = await cloud.stepFunctions.describeExecution({
    executionArn: executionArnOf(scene, versionId),
  });
  const retirement = RetirementSchema.parse(JSON.parse(input));
  const promotedMs = Date.parse(retirement.promotedAt) - DAYS_HELD * DAY_MS;
  const promotedAt = new Date(promotedMs).toISOString();
  // Instead of nine days of waiting: the same flow, of a key that was replaced that long ago.
  await cloud.stepFunctions.startExecution({
    stateMachineArn: outputs.RetirementStateMachineArn,
    name: `aged-${versionId}`,
    input: JSON.stringify({ ...retirement, promotedAt, checkAt: promotedAt }),
  });

  const command = await approvalCommand(scene);
  claim((await mistral.statusFor(old.apiKey)) === 200, 'a held key that still works');
  await shell.paste(command);
  const [, name = ''] = / --name (\S+)/.exec(command) ?? [];
  claim(name.startsWith(`revoke-${versionId}`), 'an execution named after the version', command);
  await retired(scene, name);
  claim((await mistral.statusFor(old.apiKey)) === 401, 'an approved key that Mistral rejects');
}

async function approvalCommand(scene: Scene): Promise<string> {
  const isRequest = ({ type }: ReceivedAlert) => type === 'approval-needed';
  const alerts = await until(
    'approval-needed in the queue',
    () => receiveAlerts(scene),
    (received) => received.some(isRequest),
  );
  const steps = alerts.filter(isRequest).flatMap(({ nextSteps }) => nextSteps);
  const command = steps.find((step) => step.command?.includes('start-execution'))?.command;
  claim(command !== undefined, 'a command in approval-needed', steps);
  return command;
}

/** A value stored by hand, and a label left by hand where no rotation starts: the audit's command repairs both. */
export async function repairByHand(scene: Scene): Promise<void> {
  const { shell, mistral, rotations } = scene;
  const lost = await readKey(scene, LEAKED_SECRET);
  const version = await currentVersion(scene, LEAKED_SECRET);
  await shell.paste(`SECRET=${LEAKED_SECRET}
aws secretsmanager put-secret-value --secret-id "$SECRET" --secret-string '{"apiKey":"by-hand","keyId":"by-hand"}'
aws secretsmanager update-secret-version-stage --secret-id "$SECRET" --version-stage AWSPENDING --move-to-version-id ${version}`);

  const { findings } = await audit(scene);
  const missing = findings.find(
    ({ type, subject }) => type === 'missing' && subject === LEAKED_SECRET,
  );
  const command = missing?.nextCommand ?? '';
  claim(command.includes(`--remove-from-version-id ${version} && `), 'a release first', findings);
  await rotations.rotate(LEAKED_SECRET, () => shell.paste(command));
  const { apiKey } = await readKey(scene, LEAKED_SECRET);
  claim((await mistral.statusFor(apiKey)) === 200, 'a key of ours again that Mistral accepts');
  const labels = await shell.paste('labels');
  claim(!labels.includes('AWSPENDING'), 'AWSPENDING on no version', labels);
  mistral.fake.keys.delete(lost.keyId); // as the finding about it says
}

/** The runbook's first checks, where nothing is wrong but one unmanaged key. */
export async function makeFirstChecks(
  { shell }: Scene,
  spentNanos: number,
  policyPath: string,
): Promise<void> {
  const open = await shell.paste(COMMANDS.openFindings);
  claim(open.includes('notebook'), 'the unmanaged key among the open findings', open);
  const queued = await shell.paste(COMMANDS.auditsNotStarted);
  claim(queued === '', 'an audit that the scheduler could start', queued);
  for (const block of COMMANDS.schedulesOfJobs) {
    // Only AWS CLI 2 can follow logs, which the second line does.
    const [listSchedules = ''] = block.split('\n');
    const state = await shell.paste(listSchedules);
    claim(state.includes('ENABLED'), `an enabled schedule by ${listSchedules}`, state);
  }
  const { id = '' } =
    loadPolicy(policyPath).workspaces.find(({ name }) => name === 'dev-workspace') ?? {};
  const counter = await shell.paste(
    COMMANDS.checkBudget.replace(/^WORKSPACE=\S+/m, `WORKSPACE=${id}`),
  );
  claim(
    counter.includes(`"settled": "${spentNanos}"`),
    `${spentNanos} nano-dollars settled`,
    counter,
  );
}

/** Each command of the alerts so far: what reads is run here, what changes something was run where it was due. */
export async function runCommandsOfAlerts({ shell, alerts }: Scene): Promise<void> {
  const commands = new Set(
    alerts.flatMap(({ nextSteps }) => nextSteps.flatMap(({ command }) => command ?? [])),
  );
  const reading = [...commands].filter((command) => READING.test(command));
  claim(reading.length > 0, 'alerts with commands that read', [...commands]);
  for (const command of reading) await shell.paste(command);
  const run = new Set([...shell.pasted, DEPLOY].map(withoutRepeats));
  const notRun = [...commands].filter((command) => !run.has(withoutRepeats(command)));
  claim(notRun.length === 0, 'alerts whose every command was run', notRun);
}

/** A held revocation is asked for again until it is approved, for which one of the commands is enough. */
function withoutRepeats(command: string): string {
  return /--name revoke-[0-9a-f-]{36}/.exec(command)?.[0] ?? command;
}

/** What this run does itself, with the templates that the emulator supports. */
const DEPLOY = `AWS_REGION=${REGION} npx cdk deploy --all`;
const READING =
  /^aws (cloudtrail lookup-events|cloudwatch get-metric-statistics|dynamodb scan|s3 cp|secretsmanager describe-secret|stepfunctions get-execution-history) /;

/** Flows that went on waiting find their key gone, and end well; no key is forgotten. */
export async function seeRetirementsEnd(scene: Scene): Promise<void> {
  const [listFailed = ''] = COMMANDS.failedRetirements.split('\n');
  const listRunning = listFailed.replace('FAILED', 'RUNNING');
  claim(listRunning !== listFailed, 'a command that lists executions by status', listFailed);
  const list = async (command: string) => {
    const printed = await scene.shell.paste(`${command} --output json`);
    return ExecutionsSchema.parse(JSON.parse(printed)).executions;
  };
  await until(
    'no retirement that still runs',
    () => list(listRunning),
    (running) => running.length === 0,
  );
  const failed = await list(listFailed);
  claim(failed.length === 0, 'no retirement that failed', failed);
  await claimInvariants(scene);
}

const ExecutionsSchema = z.object({ executions: z.array(z.unknown()) });
