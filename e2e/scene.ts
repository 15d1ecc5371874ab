import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { DeployedResource } from './account.js';
import type { Outputs } from './app.js';
import type { Door } from './aws-proxy.js';
import type { Cloud } from './cloud.js';
import { readPage } from './documents.js';
import type { Emulator } from './emulator.js';
import type { Inbox, ReceivedAlert } from './inbox.js';
import type { RemoteMistral } from './mistral.js';
import { HEARD } from './policies.js';
import type { FunctionProcesses } from './processes.js';
import { claim, type Report } from './report.js';
import { createRotations, type Rotations } from './rotations.js';
import type { Shell } from './shell.js';
import { until } from './waiting.js';

export const README = readPage('README.md');
export const RUNBOOK = readPage('docs/runbook.md');

/** What the parts of the journey act on. */
export interface Scene {
  readonly emulator: Emulator;
  readonly cloud: Cloud;
  readonly door: Door;
  readonly processes: FunctionProcesses;
  readonly mistral: RemoteMistral;
  readonly inbox: Inbox;
  /** In which the functions and variables of the runbook are set. */
  readonly shell: Shell;
  readonly outputs: Outputs;
  readonly rotations: Rotations;
  readonly functions: Functions;
  readonly report: Report;
  /** Every alert the queue has received so far. */
  readonly alerts: ReceivedAlert[];
  /** Secrets whose key was deleted at Mistral while it was in charge. Nothing may ever be here. */
  readonly revokedInCharge: string[];
}

/** Names of deployed functions that no output tells. */
interface Functions {
  readonly provisioning: string;
  readonly gateway: string;
  readonly verify: string;
  readonly revoke: string;
}

const StartedSchema = z.object({ started: z.array(z.string()) });
const ValueSchema = z.looseObject({ apiKey: z.string(), keyId: z.string() });
const SpendSchema = z.object({
  spend: z.array(z.looseObject({})),
  told: z.number(),
  problems: z.array(z.string()),
});
const AuditSchema = z.object({
  keys: z.number(),
  findings: z.array(z.looseObject({ type: z.string(), subject: z.string() })),
  problems: z.array(z.string()),
});

export type ManagedValue = z.infer<typeof ValueSchema>;

export function openScene(
  parts: Omit<Scene, 'rotations' | 'functions' | 'alerts' | 'revokedInCharge'>,
  resources: readonly DeployedResource[],
): Scene {
  const { cloud, outputs, report } = parts;
  const functionOf = (start: string) => {
    const found = resources.find(
      ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith(start),
    );
    if (!found) throw new Error(`no function of ${start} was deployed`);
    return found.physicalId;
  };
  return {
    ...parts,
    rotations: createRotations(cloud, outputs.RotationFunctionName, () =>
      report.count('steps driven', 'rotation step'),
    ),
    functions: {
      provisioning: functionOf('ProvisioningFunction'),
      gateway: functionOf('GatewayFunction'),
      verify: functionOf('RetirementFunctionsVerify'),
      revoke: functionOf('RetirementFunctionsRevoke'),
    },
    alerts: [],
    revokedInCharge: [],
  };
}

/** Provisions every key of the policy that has none yet; returns the names of their secrets. */
export async function provision(
  { cloud, functions, rotations, report }: Scene,
  policy: Policy,
): Promise<readonly string[]> {
  for (const { secretName } of plannedKeys(policy)) await rotations.emptyAsInAws(secretName);
  const { started } = StartedSchema.parse(await cloud.invoke(functions.provisioning, {}));
  for (const secretName of started) await rotations.driveAsked(secretName);
  report.count('steps driven', 'first rotation', started.length);
  return started;
}

/** As a service reads its key. */
export async function readKey({ cloud }: Scene, secretName: string): Promise<ManagedValue> {
  const { SecretString } = await cloud.secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretName }),
  );
  return ValueSchema.parse(JSON.parse(SecretString ?? 'null'));
}

/** Names the secret that the commands after it are about, and rotates it as the runbook says. */
export async function askToRotate({ shell }: Scene, secretName: string): Promise<void> {
  await shell.paste(`SECRET=${secretName}`);
  await shell.paste(RUNBOOK.block('Rotate now'));
}

/** Waits for an execution of the retirement flow, and for its good end. */
export async function retired({ cloud, outputs, report }: Scene, name: string): Promise<void> {
  const executionArn = executionArnOf(outputs, name);
  const { status, error, cause } = await until(
    `the end of retirement ${name}`,
    () => cloud.stepFunctions.send(new DescribeExecutionCommand({ executionArn })),
    (execution) => execution.status !== 'RUNNING',
  );
  claim(status === 'SUCCEEDED', `a good end of retirement ${name}`, { status, error, cause });
  report.count('steps driven', 'retirement flow to its end');
}

/** Names of the flows that were started under a name that begins like this. */
export async function retirementsNamed(
  { cloud, outputs }: Scene,
  start: string,
): Promise<readonly string[]> {
  const { executions = [] } = await cloud.stepFunctions.send(
    new ListExecutionsCommand({ stateMachineArn: outputs.RetirementStateMachineArn }),
  );
  return executions.flatMap(({ name = '' }) => (name.startsWith(start) ? [name] : []));
}

/** A rotation names the execution that it starts after the version that it made. */
export function executionArnOf(outputs: Outputs, name: string): string {
  return `${outputs.RetirementStateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

export async function audit({ shell, report }: Scene) {
  await shell.paste(RUNBOOK.block('audit-digest', 'lambda invoke'));
  const summary = AuditSchema.parse(answerIn(shell, 'audit.json'));
  report.count('steps driven', 'audit');
  claim(summary.problems.length === 0, 'an audit without problems of its own', summary.problems);
  return summary;
}

export async function monitorSpend({ shell, report }: Scene) {
  await shell.paste(RUNBOOK.block('spend-threshold', 'lambda invoke'));
  const summary = SpendSchema.parse(answerIn(shell, 'spend.json'));
  report.count('steps driven', 'spend check');
  claim(summary.problems.length === 0, 'spend that can be read', summary.problems);
  return summary;
}

function answerIn({ folder }: Shell, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

/** Takes what came to the queue, and sees that the subscription's filter kept the rest away. */
export async function hear(
  { inbox, report, alerts }: Scene,
  passed: readonly string[] = HEARD,
): Promise<readonly ReceivedAlert[]> {
  const received = await inbox.receive();
  for (const { type, severity } of received)
    report.count('alerts received', `${type} (${severity})`);
  const others = received.filter(({ type }) => !passed.includes(type));
  claim(others.length === 0, `alerts of ${passed.join(', ')} alone`, others);
  alerts.push(...received);
  return received;
}
