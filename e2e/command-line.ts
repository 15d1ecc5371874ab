import { join } from 'node:path';
import * as z from 'zod';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import { claim, type Report } from './report.js';
import type { Shell } from './shell.js';

const ROOT = join(import.meta.dirname, '..');

const KeysSchema = z.object({
  keys: z.array(z.object({ secret: z.string(), keyId: z.string(), state: z.string() })),
  problems: z.tuple([]),
});
const AuditSchema = z.object({
  findings: z.array(z.object({ type: z.string(), subject: z.string() })),
  problems: z.tuple([]),
});
const SpendSchema = z.object({
  spend: z.array(z.object({ workspace: z.string(), window: z.string(), spentNanos: z.number() })),
  problems: z.tuple([]),
});

/** The command line on the deployed stack, which it finds by its outputs. */
export interface CommandLine {
  audit(): Promise<z.infer<typeof AuditSchema>>;
  spend(): Promise<z.infer<typeof SpendSchema>>;
  /** `piped` is a command whose output it gets. */
  ask<Answer>(command: string, answer: z.ZodType<Answer>, piped?: string): Promise<Answer>;
}

interface Asker {
  readonly shell: Shell;
  readonly report: Report;
}

export function openCommandLine({ shell, report }: Asker, policyPath: string): CommandLine {
  const commandLine: CommandLine = {
    audit: () => commandLine.ask('audit', AuditSchema),
    spend: () => commandLine.ask('spend', SpendSchema),

    async ask(command, answer, piped) {
      const line = `npx --no -- mistral-governance ${command} --policy '${policyPath}' --json`;
      report.count('steps driven', `npx --no -- mistral-governance ${command}`);
      // 1 says that something needs attention.
      const asked = `(cd '${ROOT}' && ${line} || [ $? = 1 ])`;
      const printed = await shell.paste(piped ? `${piped} | ${asked}` : asked);
      return answer.parse(JSON.parse(printed));
    },
  };
  return commandLine;
}

export async function askCommandLine(asker: Asker, policyPath: string): Promise<void> {
  const commandLine = openCommandLine(asker, policyPath);
  const planned = plannedKeys(loadPolicy(policyPath)).map(({ secretName }) => secretName);
  const { keys } = await commandLine.ask('keys list', KeysSchema);
  claim(keys.map(({ secret }) => secret).join() === planned.join(), 'every key listed', keys);
  const { findings } = await commandLine.audit();
  claim(
    findings.some(({ type }) => type === 'unmanaged'),
    'the finding of the audit before',
    findings,
  );
  const { spend } = await commandLine.spend();
  claim(
    spend.some(({ spentNanos }) => spentNanos > 0),
    'spend that was metered',
    spend,
  );
}
