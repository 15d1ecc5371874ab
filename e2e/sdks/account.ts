import { randomUUID } from 'node:crypto';
import { CLIENTS, type SdkClient, SMALL } from './tasks.js';

const ACCOUNT = '111122223333';
export const MAX_BODY_BYTES = 65_536;
const PLENTY = { dailyUsd: 1000, monthlyUsd: 1000 };
/** Most of it goes with one long answer of mistral-large. */
const TINY = { monthlyUsd: 0.01 };

/** What a workspace of a client's own is for: in a shared one, clients would be in each other's way. */
const OWN = {
  month: { requestsPerMinute: 1000, budgets: TINY },
  flight: { requestsPerMinute: 1000, budgets: TINY },
  minute: { requestsPerMinute: 1, budgets: PLENTY },
  limited: { requestsPerMinute: 1000, budgets: PLENTY },
  failing: { requestsPerMinute: 1000, budgets: PLENTY },
} as const;

export const slug = (client: SdkClient) => client.replace(' ', '-');
/** Also the name of the IAM role whose requests it serves. */
export const ownWorkspace = (client: SdkClient, what: keyof typeof OWN) =>
  `${slug(client)}-${what}`;
/** The workspace that has no key yet, and the one whose key Mistral rejects. */
export const KEYLESS = 'keyless';
export const REJECTED = 'rejected';

const WORKSPACES = [
  ...['plenty', KEYLESS, REJECTED].map((name) => ({
    ...{ name, requestsPerMinute: 100_000, budgets: PLENTY },
  })),
  ...CLIENTS.flatMap((client) =>
    Object.entries(OWN).map(([what, limits]) => ({ name: `${slug(client)}-${what}`, ...limits })),
  ),
];

const ROLES = {
  unlimited: { models: '*', maxTokensPerRequest: 8000, dailyTokens: 'unlimited' },
  analyst: {
    models: [
      ...[SMALL, 'mistral-embed', 'codestral-latest', 'mistral-ocr-latest'],
      ...['mistral-moderation-2603', 'voxtral-mini-tts-2603'],
    ],
    maxTokensPerRequest: 500,
    dailyTokens: 100_000,
  },
  daily: { models: [SMALL], maxTokensPerRequest: 2000, dailyTokens: 2000 },
};

/** The policy of the server that the SDKs call. */
export function policyDocument() {
  const caller = (name: string, role: keyof typeof ROLES, workspace: string) => ({
    principal: `arn:aws:iam::${ACCOUNT}:role/${name}`,
    ...{ role, workspace, perSession: true },
  });
  return {
    workspaces: WORKSPACES.map((workspace) => ({
      ...workspace,
      ...{ id: randomUUID(), ownerUserId: randomUUID(), team: 'e2e', models: '*', keys: [] },
    })),
    roles: ROLES,
    callers: [
      ...WORKSPACES.map(({ name }) => caller(name, 'unlimited', name)),
      caller('analyst', 'analyst', 'plenty'),
      caller('daily', 'daily', 'plenty'),
    ],
    gateway: { enabled: true, maxBodyBytes: MAX_BODY_BYTES },
  };
}

/** One session of an IAM role. */
export function callerOf(role: string, session: string): string {
  return `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`;
}
