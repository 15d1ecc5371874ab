import { parsePolicy } from '../../governance/policy/parse-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { problemText } from '../../governance/policy/policy-problem.js';

export const CALLER_HEADER = 'x-caller-arn';
const PRINCIPAL = 'arn:aws:iam::111122223333:role/bench';
export const CALLER = 'arn:aws:sts::111122223333:assumed-role/bench/session';

/** One workspace with every kind of quota, none of which is exhausted. */
export function benchPolicy(apiUrl: string): Policy {
  const parsed = parsePolicy({
    mistral: { apiUrl },
    workspaces: [
      {
        name: 'bench',
        id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
        ownerUserId: '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10',
        team: 'bench',
        models: [
          'mistral-small-latest',
          'codestral-latest',
          'mistral-embed',
          'voxtral-mini-latest',
        ],
        requestsPerMinute: 1_000_000_000,
        budgets: { hourlyUsd: 9e6, dailyUsd: 9e6, monthlyUsd: 9e6 },
      },
    ],
    roles: {
      bench: {
        models: ['mistral-small-latest', 'codestral-latest', 'voxtral-mini-latest'],
        maxTokensPerRequest: 2000,
        dailyTokens: Number.MAX_SAFE_INTEGER,
      },
    },
    callers: [{ principal: PRINCIPAL, role: 'bench', workspace: 'bench' }],
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.policy;
}

export const REGION = 'eu-west-1';
export const CREDENTIALS = { accessKeyId: 'AKIDBENCH', secretAccessKey: 'secret-of-the-bench' };
