import { ApiKey } from '../../governance/mistral/api-key.js';
import { createAdminKeySource } from '../../governance/mistral/key-source.js';
import { createMistralAdmin } from '../../governance/mistral/mistral-admin.js';
import { createMistralHttp } from '../../governance/mistral/mistral-http.js';
import { startOfDay } from '../../governance/platform/utc-day.js';
import type { Policy } from '../../governance/policy/policy.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { createNightlyAuditHandler } from '../../lambdas/nightly-audit/handler.js';
import { secretState, TODAY } from '../organization.js';

const PAGE_LIMIT = 100;
const SAMPLE_EVERY_MS = 25; // a sample takes some time on some machines

async function audit(url: string, policy: Policy): Promise<number> {
  const adminKey = new ApiKey('admin-key-of-the-benchmark');
  const admin = createMistralAdmin(createMistralHttp(url), {
    secretName: policy.mistral.adminKeySecret,
    read: async () => adminKey,
    refresh: async () => adminKey,
  });
  let toldFindings = false;
  const nightlyAudit = createNightlyAuditHandler({
    policy,
    events: { send: async () => {} },
    keySource: createAdminKeySource(admin),
    organization: {
      memberNames: async () => new Map(),
      workspaces: async function* () {
        yield* policy.workspaces.map(({ id, name }) => ({ id, name }));
      },
      requestsPerSecond: async () => 100,
      spendLimit: async () => ({
        reached: false,
        usage: 0,
        totalUsage: 0,
        limit: undefined,
        currency: 'USD',
        lastPaymentFailed: false,
      }),
      usage: async () => ({
        currency: 'USD',
        startDate: undefined,
        endDate: undefined,
        prices: [],
        categories: {},
      }),
    },
    secrets: { describe: async (name) => secretState(name), read: async () => undefined },
    managedSecrets: { readers: async () => [], createdAt: async () => undefined },
    retirements: { running: async function* () {} },
    listModels: async () => ({ kind: 'accepted', models: [] }),
    keyEvents: { async *between() {}, keyOf: async () => undefined },
    deployment: { account: '', region: '', stack: '', product: '', policySha256: '' },
    findingStore: {
      open: async () => [],
      apply: async () => {},
      memory: async () => ({ resolutions: {}, probes: {} }),
      remember: async () => {},
    },
    evidence: {
      async put({ body }) {
        if (body === '') throw new Error('an evidence file is empty');
        return true;
      },
      async *list() {},
      read: async () => undefined,
      uriOf: (path) => path,
    },
    alerts: {
      publish: async () => {
        toldFindings = true;
      },
    },
    record() {},
    log: { info() {}, warn() {}, error() {} },
    now: () => startOfDay(TODAY),
  });
  const { keys, problems } = await nightlyAudit();
  if (!toldFindings || problems.length > 0) {
    throw new Error(`the audit cannot be measured: ${problems.join('; ') || 'no findings'}`);
  }
  return keys;
}

/** The minimal work to read all keys. */
async function fetchAndParse(url: string): Promise<number> {
  let keys = 0;
  for (let offset = 0; ; offset += PAGE_LIMIT) {
    const response = await fetch(`${url}/api-keys?limit=${PAGE_LIMIT}&offset=${offset}`);
    const page = JSON.parse(await response.text());
    keys += page.keys.length;
    if (page.keys.length < PAGE_LIMIT) return keys;
  }
}

const [, , work = '', url = '', policyFolder = ''] = process.argv;
const policy = readPolicyFile(policyFolder);
let peakBytes = 0;
const sample = () => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
const sampling = setInterval(sample, SAMPLE_EVERY_MS);
const startedMs = performance.now();
const keys = work === 'audit' ? await audit(url, policy) : await fetchAndParse(url);
const seconds = (performance.now() - startedMs) / 1000;
sample();
clearInterval(sampling);
console.log(JSON.stringify({ keys, seconds, peakBytes }));
