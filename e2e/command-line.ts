import { join } from 'node:path';
import * as z from 'zod';
import { secretsOf } from './policies.js';
import { claim, claimSame } from './report.js';
import { NoProblemsSchema, type Scene } from './scene.js';

const ROOT = join(import.meta.dirname, '..');
const problems = NoProblemsSchema;

const KeysSchema = z.object({
  keys: z.array(z.object({ secret: z.string(), keyId: z.string(), state: z.string() })),
  problems,
});
const AuditSchema = z.object({
  findings: z.array(z.object({ type: z.string(), subject: z.string() })),
  problems,
});
const SpendSchema = z.object({
  spend: z.array(z.object({ workspace: z.string(), window: z.string(), spentNanos: z.number() })),
  problems,
});

/** The command line on the deployed stack, which it finds by its outputs. */
export function openCommandLine({ shell, report }: Scene, policyPath: string) {
  /** `piped` is a command whose output it gets. */
  async function ask<Answer>(
    command: string,
    answer: z.ZodType<Answer>,
    piped?: string,
  ): Promise<Answer> {
    const line = `npx --no -- mistral-governance ${command} --policy '${policyPath}' --json`;
    report.count('stepsDriven', `npx --no -- mistral-governance ${command}`);
    // 1 says that something needs attention.
    const asked = `(cd '${ROOT}' && ${line} || [ $? = 1 ])`;
    const printed = await shell.paste(piped ? `${piped} | ${asked}` : asked);
    return answer.parse(JSON.parse(printed));
  }
  return {
    ask,
    audit: () => ask('audit', AuditSchema),
    spend: () => ask('spend', SpendSchema),
  };
}

/** After developers spent so much today. */
export async function askCommandLine(
  scene: Scene,
  policyPath: string,
  spentNanos: number,
): Promise<void> {
  const commandLine = openCommandLine(scene, policyPath);
  const { keys } = await commandLine.ask('keys list', KeysSchema);
  const listed = keys.map(({ secret }) => secret);
  claimSame(listed, secretsOf(policyPath), 'every key listed');
  const { findings } = await commandLine.audit();
  const unmanaged = findings.some(({ type }) => type === 'unmanaged');
  claim(unmanaged, 'the finding of the audit before', findings);
  const { spend } = await commandLine.spend();
  const day = spend.find(
    ({ workspace, window }) => workspace === 'dev-workspace' && window === 'day',
  );
  claim(day?.spentNanos === spentNanos, `${spentNanos} nano-dollars spent`, spend);
}
