import { readFileSync } from 'node:fs';
import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import { monthlyUsage, UsageSchema } from '../../governance/mistral/organization.js';
import type { Currency } from '../../governance/platform/wording.js';
import { messageOf, wrongInput } from '../failure.js';

/** A kept answer of GET /v1/admin/usage. @throws CommandFailure where it is none */
export function readBill(path: string, currency: Currency): MonthlyUsage {
  const parsed = UsageSchema.safeParse(readJson(path));
  const hasRows = parsed.success && ('completion' in parsed.data || parsed.data.prices);
  if (!hasRows) {
    throw wrongInput(
      `usage ${path} is no answer of GET /v1/admin/usage, which --workspace asks for: it must be one JSON object with completion and prices`,
    );
  }
  const usage = monthlyUsage(parsed.data);
  if ((usage.currency ?? currency) !== currency) {
    throw wrongInput(
      `usage ${path} is in ${usage.currency}, the policy's budgets are in ${currency}`,
    );
  }
  return usage;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (error) {
    throw wrongInput(`usage ${path} could not be read: ${messageOf(error)}`, { cause: error });
  }
}
