import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type DeployedResource, functionNamed } from './account.js';
import type { Outputs } from './app.js';
import { COMMANDS } from './documents.js';
import type { ReceivedAlert } from './inbox.js';
import type { Parts } from './parts.js';
import { ALERT_TYPES, secretsOf } from './policies.js';
import { createFunctionProcesses } from './processes.js';
import { claim } from './report.js';
import { createRotations } from './secrets.js';
import type { Shell } from './shell.js';

/** Of what an answer reports as not done: nothing, or it fails with that. */
export const NoProblemsSchema = z
  .array(z.unknown())
  .max(0, { error: ({ input }) => `expected no problems, but got ${JSON.stringify(input)}` });
const SpendSchema = z.object({ spend: z.array(z.looseObject({})), problems: NoProblemsSchema });
const AuditSchema = z.object({
  findings: z.array(
    z.looseObject({ type: z.string(), subject: z.string(), nextCommand: z.string() }),
  ),
  problems: NoProblemsSchema,
});

export type Scene = ReturnType<typeof openScene>;

/** What the parts of the journey act on. */
export function openScene(parts: Parts, outputs: Outputs, resources: readonly DeployedResource[]) {
  const alerts: ReceivedAlert[] = [];
  const revokedWhileCurrent: string[] = [];
  return {
    ...parts,
    outputs,
    rotations: createRotations(parts.cloud, outputs.RotationFunctionName, () =>
      parts.report.count('stepsDriven', 'rotation step'),
    ),
    processes: createFunctionProcesses(parts.folder),
    /** Names of deployed functions that no output has. */
    functions: {
      gateway: functionNamed(resources, 'GatewayFunction'),
      verify: functionNamed(resources, 'RetirementFunctionsVerify'),
      revoke: functionNamed(resources, 'RetirementFunctionsRevoke'),
    },
    /** Every alert the queue has received so far. */
    alerts,
    /** Secrets whose current key was deleted at Mistral. Nothing may ever be here. */
    revokedWhileCurrent,
  };
}

/** Waits until every secret of the policy has its first key, which the deploy asks for. */
export async function provisioned(
  { rotations, report }: Pick<Scene, 'rotations' | 'report'>,
  policyPath: string,
): Promise<void> {
  const secrets = secretsOf(policyPath);
  await Promise.all(secrets.map(rotations.firstEnded));
  report.count('stepsDriven', 'first rotation', secrets.length);
}

/** Names the secret that the commands after it are about, and rotates it as the runbook says. */
export async function askToRotate({ shell }: Scene, secretName: string): Promise<void> {
  await shell.paste(`SECRET=${secretName}`);
  await shell.paste(COMMANDS.rotate);
}

export async function audit({ shell, report }: Scene) {
  await shell.paste(COMMANDS.audit);
  report.count('stepsDriven', 'audit');
  return AuditSchema.parse(answerIn(shell, 'audit.json'));
}

export async function monitorSpend({ shell, report }: Scene) {
  await shell.paste(COMMANDS.monitorSpend);
  report.count('stepsDriven', 'spend check');
  return SpendSchema.parse(answerIn(shell, 'spend.json')).spend;
}

function answerIn({ folder }: Shell, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

/** Takes what came to the queue; the subscription's filter must have kept the rest away. */
export async function receiveAlerts(
  { inbox, report, alerts }: Scene,
  filter: readonly string[] = ALERT_TYPES,
): Promise<readonly ReceivedAlert[]> {
  const received = await inbox.receive();
  for (const { type, severity } of received)
    report.count('alertsReceived', `${type} (${severity})`);
  const others = received.filter(({ type }) => !filter.includes(type));
  claim(others.length === 0, `alerts of ${filter.join(', ')} alone`, others);
  alerts.push(...received);
  return received;
}
