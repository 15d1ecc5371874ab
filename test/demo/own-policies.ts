import type { Policy } from '../../governance/policy/policy.js';
import { anOperatorPolicy, aPolicy, type policyDocument } from '../support/builders.js';

type Document = ReturnType<typeof policyDocument>;

const KEY = { name: 'team-key', description: 'Shared by the team', readers: [] };

function onlyFirstWorkspace(document: Document): void {
  const [{ overflowTo: _overflowTo, lends: _lends, ...first }] = document.workspaces;
  document.workspaces = [{ ...first, keys: [KEY] }];
  document.callers = [];
}

/** Policies that have little in common with the shipped one, each valid. */
export const OWN_POLICIES: Readonly<Record<string, () => Policy>> = {
  'one workspace with one key, no gateway, no role, no budget': () =>
    aPolicy((document) => {
      onlyFirstWorkspace(document);
      delete document.workspaces[0].budgets;
      document.roles = {};
      document.gateway = { enabled: false };
    }),

  'no key but that of the gateway': () =>
    aPolicy((document) => {
      onlyFirstWorkspace(document);
      document.workspaces[0].keys = [];
      document.callers = [
        { principal: 'arn:aws:iam::*:user/*', role: 'admin', workspace: 'dev-workspace' },
      ];
    }),

  'EUR, other models, sessions of unnamed roles, a weekly audit': () =>
    aPolicy((document) => {
      onlyFirstWorkspace(document);
      document.mistral.currency = 'EUR';
      const models = ['ministral-8b-latest', 'mistral-medium-latest', 'a-model-of-tomorrow'];
      Object.assign(document.workspaces[0], { name: 'app', models, budgets: { dailyEur: 2 } });
      document.roles = { bot: { models, maxTokensPerRequest: 300, dailyTokens: 900_000 } };
      document.callers = [
        {
          principal: 'arn:aws:iam::111122223333:role/bot-*',
          role: 'bot',
          workspace: 'app',
          perSession: true,
        },
      ];
      document.audit.schedule = 'cron(0 5 ? * MON *)';
    }),

  'twenty workspaces whose keys have one name and other intervals': () =>
    aPolicy((document) => {
      const [model] = document.workspaces;
      const roles = Object.keys(document.roles);
      document.audit.maxAgeDays = 400;
      document.workspaces = Array.from({ length: 20 }, (_, at) => ({
        ...model,
        name: `workspace-${at}`,
        id: `6c1f0a0e-52f4-4f8e-9d43-${String(at).padStart(12, '0')}`,
        keys: [{ ...KEY, rotateEveryDays: [30, 90, 60, 365][at % 4] }],
      }));
      document.callers = document.workspaces.map(({ name }: { name: string }, at: number) => ({
        principal: `arn:aws:iam::111122223333:role/service-${at}`,
        role: roles[at % roles.length],
        workspace: name,
      }));
    }),

  'slow drains that end by themselves, other reminders and thresholds': () =>
    aPolicy((document) => {
      const slow = { quietDays: 5, maxDrainDays: 6, readerCacheSeconds: 90_000 };
      document.rotation = { ...slow, onDrainTimeout: 'revoke' };
      Object.assign(document.audit, { remindEveryDays: 3, staleAfterDays: 10 });
      document.alerts.spendThresholds = [90];
    }),

  'operator mode with one key': () =>
    anOperatorPolicy((document) => {
      onlyFirstWorkspace(document);
      document.gateway = { enabled: false };
    }),

  'operator mode with keys that are due on other days, and a caller': () =>
    anOperatorPolicy((document) => {
      document.gateway = { enabled: true };
      Object.assign(document.rotation, { maxDrainDays: 1, readerCacheSeconds: 0 });
      for (const [at, { keys }] of document.workspaces.entries()) {
        for (const key of keys) key.rotateEveryDays = [2, 10, 30][at];
      }
    }),
};
