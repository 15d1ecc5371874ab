import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { RetirementSchema } from '../governance/keys/retirement.js';
import type { ReceivedAlert } from './inbox.js';
import { claimInvariants } from './invariants.js';
import { claim } from './report.js';
import {
  askToRotate,
  executionArnOf,
  hear,
  README,
  RUNBOOK,
  readKey,
  retired,
  type Scene,
} from './scene.js';
import { until } from './waiting.js';

const LEAKED_SECRET = 'mistral/prod-workspace/checkout-service-key';
const DAY_MS = 86_400_000;
/** Past the seven days of the policy. */
const DAYS_HELD = 9;

/** The README's way to a key's value, which is of the same secret as the leaked one. */
export async function readByHand({ shell, mistral }: Scene): Promise<void> {
  const plaintext = await shell.paste(
    README.block('Read a key in a service', 'aws secretsmanager'),
  );
  claim((await mistral.statusFor(plaintext)) === 200, 'a key that Mistral takes, read by the CLI');
}

/** The runbook's commands for a leaked key, one after the other, while it is in use. */
export async function replaceLeakedKey(scene: Scene): Promise<void> {
  const { shell, mistral, rotations, report } = scene;
  const page = (part: string) => RUNBOOK.block('A leaked key', part);
  const leaked = await readKey(scene, LEAKED_SECRET);
  const newVersion = await rotations.rotate(LEAKED_SECRET, () => shell.paste(page('OLD_VERSION=')));
  await shell.paste(page('until'));
  claim((await mistral.statusFor(leaked.apiKey)) === 200, 'a leaked key that still works');

  await shell.paste(page('start-execution'));
  const see = page('describe-execution --execution-arn "$(retirement |');
  await until(
    'a retirement that ends at once',
    () => shell.paste(see),
    (status) => status.includes('SUCCEEDED'),
  );
  report.count('steps driven', 'retirement flow to its end');
  claim((await mistral.statusFor(leaked.apiKey)) === 401, 'a leaked key that Mistral refuses');
  const first = await shell.paste(RUNBOOK.block('Undo a rotation', 'query status'));
  claim(/RUNNING|SUCCEEDED/.test(first), `no harm to the flow of ${newVersion} itself`, first);
  const told = await shell.paste('history_of');
  claim(told.includes('key-revoked'), 'a revocation in the history of the secret', told);
}

/** A key that is still used when its time is over: it is held until the alert's command approves. */
export async function approveHeldRetirement(scene: Scene, secretName: string): Promise<void> {
  const { cloud, shell, mistral, outputs, rotations } = scene;
  const old = await readKey(scene, secretName);
  claim((await mistral.statusFor(old.apiKey)) === 200, 'an old key that is used today');
  const versionId = await rotations.rotate(secretName, () => askToRotate(scene, secretName));

  const { input } = await cloud.stepFunctions.send(
    new DescribeExecutionCommand({ executionArn: executionArnOf(outputs, versionId) }),
  );
  const retirement = RetirementSchema.parse(JSON.parse(input ?? 'null'));
  const promoted = Date.parse(retirement.promotedAt) - DAYS_HELD * DAY_MS;
  const aged = { ...retirement, promotedAt: new Date(promoted).toISOString() };
  // Nobody waits for nine days here: the same flow, of a key that was replaced that long ago.
  await cloud.stepFunctions.send(
    new StartExecutionCommand({
      stateMachineArn: outputs.RetirementStateMachineArn,
      name: `aged-${versionId}`,
      input: JSON.stringify({ ...aged, checkAt: aged.promotedAt }),
    }),
  );

  const command = await approvalCommand(scene);
  claim((await mistral.statusFor(old.apiKey)) === 200, 'a held key that still works');
  await shell.paste(command);
  await retired(scene, `revoke-${versionId}`);
  claim((await mistral.statusFor(old.apiKey)) === 401, 'an approved key that Mistral refuses');
}

async function approvalCommand(scene: Scene): Promise<string> {
  const isAsked = ({ type }: ReceivedAlert) => type === 'approval-needed';
  const alerts = await until(
    'approval-needed in the queue',
    () => hear(scene),
    (heard) => heard.some(isAsked),
  );
  const steps = alerts.filter(isAsked).flatMap(({ nextSteps }) => nextSteps);
  return steps.find(({ command }) => command)?.command ?? '';
}

/** What the runbook has on-call look at first, where nothing is wrong but one key that is nobody's. */
export async function lookAround({ shell }: Scene): Promise<void> {
  const open = await shell.paste(RUNBOOK.block('audit-digest', 'dynamodb query'));
  claim(open.includes('notebook'), 'the key that somebody made among what is open', open);
  const queued = await shell.paste(
    RUNBOOK.block('governance-audit-not-started', 'receive-message'),
  );
  claim(queued === '', 'an audit that the scheduler could start', queued);
  for (const job of ['audit', 'spend-monitor']) {
    // Only AWS CLI 2 can follow logs, which the second line does.
    const [schedules = ''] = RUNBOOK.block(`governance-${job}-missed`, 'list-schedules').split(
      '\n',
    );
    const state = await shell.paste(schedules);
    claim(state.includes('ENABLED'), `a schedule that starts the ${job}`, state);
  }
  const look = RUNBOOK.block("Look at a budget's counter").replace('prod-', 'dev-');
  const counter = await shell.paste(look);
  claim(counter.includes('settled'), 'what was spent of a budget', counter);
}

/** What went on waiting finds its key gone, and ends well; nothing is forgotten. */
export async function seeRetirementsEnd(scene: Scene): Promise<void> {
  const { shell } = scene;
  const [listFailed = ''] = RUNBOOK.block('governance-retirement-failed', 'list-executions').split(
    '\n',
  );
  const listRunning = listFailed.replace('FAILED', 'RUNNING');
  claim(listRunning !== listFailed, 'a command that lists executions by status', listFailed);
  await until(
    'no retirement that still runs',
    () => shell.paste(`${listRunning} --output json`),
    noneIn,
  );
  claim(noneIn(await shell.paste(`${listFailed} --output json`)), 'no retirement that failed');
  await claimInvariants(scene);
}

const ExecutionsSchema = z.object({ executions: z.array(z.unknown()) });

function noneIn(printed: string): boolean {
  return ExecutionsSchema.parse(JSON.parse(printed)).executions.length === 0;
}
