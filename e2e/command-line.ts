import { join } from 'node:path';
import * as z from 'zod';
import { plannedKeys } from '../lambdas/domain/planned-keys.js';
import { loadPolicy } from '../lib/load-policy.js';
import { claim, type Report } from './report.js';
import type { Shell } from './shell.js';

const ROOT = join(import.meta.dirname, '..');

const KeysSchema = z.object({
  keys: z.array(z.object({ secret: z.string(), keyId: z.string(), state: z.string() })),
  problems: z.tuple([]),
});
const AuditSchema = z.object({ findings: z.array(z.object({ type: z.string() })) });
const SpendSchema = z.object({
  spend: z.array(z.object({ workspace: z.string(), window: z.string(), spentNanos: z.number() })),
});

/** The command line on the deployed stack, which it finds by its outputs. */
export async function askCommandLine(
  { shell, report }: { readonly shell: Shell; readonly report: Report },
  policyPath: string,
): Promise<void> {
  async function ask<Answer>(command: string, answer: z.ZodType<Answer>): Promise<Answer> {
    const line = `npx mistral-governance ${command} --policy '${policyPath}' --json`;
    report.count('steps driven', `npx mistral-governance ${command}`);
    // 1 says that something needs somebody's hand.
    const printed = await shell.paste(`(cd '${ROOT}' && ${line} || [ $? = 1 ])`);
    return answer.parse(JSON.parse(printed));
  }

  const planned = plannedKeys(loadPolicy(policyPath)).map(({ secretName }) => secretName);
  const { keys } = await ask('keys list', KeysSchema);
  claim(keys.map(({ secret }) => secret).join() === planned.join(), 'every key listed', keys);
  const { findings } = await ask('audit', AuditSchema);
  claim(
    findings.some(({ type }) => type === 'unmanaged'),
    'the finding of the audit before',
    findings,
  );
  const { spend } = await ask('spend', SpendSchema);
  claim(
    spend.some(({ spentNanos }) => spentNanos > 0),
    'spend that was metered',
    spend,
  );
}
