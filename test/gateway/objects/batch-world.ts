import { onTestFinished } from 'vitest';
import { createHttpShell } from '../../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../../gateway/server/undici-upstream.js';
import { type GatewayParts, openGateway } from '../../../gateway/wiring.js';
import { createJobRecords } from '../../../governance/metering/batch/job-records.aws.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { createBatchJobs } from '../../../governance/mistral/batch-jobs.js';
import { createMistralHttp } from '../../../governance/mistral/mistral-http.js';
import { createObjectStore } from '../../../governance/objects/object-store.aws.js';
import { createQuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { moneyQuotasOf } from '../../../governance/quotas/workspace-quotas.js';
import { settleJobs } from '../../../governance/spend/settle-jobs.js';
import { createVirtualClock } from '../../../testing/clock.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { type HttpCall, serveHttp } from '../../../testing/fakes/http-server.js';
import { createFakeKeys } from '../../../testing/fakes/mistral-keys.js';
import { createFakeMistral, fakeOrganization } from '../../../testing/fakes/mistral-server.js';
import { aPolicy, type policyDocument, silentLog } from '../../support/builders.js';
import { CALLER_HEADER, listen, session } from '../../support/gateway-world.js';

export const START = new Date('2026-11-23T17:00:00Z');
const HOUR = 3_600_000;
export const CALLERS = { developer: 'developer', other: 'ml-engineer', admin: 'platform-admin' };

export interface BatchWorldOptions {
  readonly change?: (document: ReturnType<typeof policyDocument>) => void;
  readonly parts?: Partial<GatewayParts>;
  /** Sees each call to Mistral, and may answer it. */
  readonly intercept?: (
    call: HttpCall,
  ) => Awaited<ReturnType<Parameters<typeof serveHttp>[0]>> | undefined;
}

/** A gateway as a plain server, Mistral's stand-in over HTTP, DynamoDB, and the part of the spend monitor that settles. */
export async function batchWorld(
  { client }: LocalDynamo,
  table: string,
  { change = () => {}, parts = {}, intercept = () => undefined }: BatchWorldOptions = {},
) {
  const clock = createVirtualClock(START);
  const fakeKeys = createFakeKeys({ now: clock.now });
  const mistralOf = { current: undefined as ReturnType<typeof createFakeMistral> | undefined };
  const upstream = await serveHttp(async (call) => {
    const answer = intercept(call);
    return answer ?? (await mistralOf.current?.answer(call)) ?? 'broken';
  });
  const policy = aPolicy((document) => {
    document.gateway = { enabled: true };
    document.mistral.apiUrl = upstream.url;
    change(document);
  });
  const mistral = createFakeMistral(
    fakeKeys,
    fakeOrganization(policy.workspaces),
    'admin',
    clock.now,
  );
  mistralOf.current = mistral;
  const idOf = (name: string) => policy.workspaces.find((one) => one.name === name)?.id ?? '';
  const made = new Map<string, ApiKey>();
  const keyOf = (workspace: string) => {
    const known = made.get(workspace);
    if (known) return known;
    const { plaintext } = fakeKeys.create({
      ...{ name: 'gateway', workspaceId: idOf(workspace), userId: 'u', expiresOn: null },
    });
    const key = new ApiKey(plaintext);
    made.set(workspace, key);
    return key;
  };
  const counters = createQuotaCounters(client, table);
  const records = createJobRecords(client, table);
  const objects = createObjectStore(client, table);
  const { gateway, ready, flush, close } = openGateway({
    policy,
    upstream: createUndiciUpstream(upstream.url, policy.gateway),
    keys: () => ({ current: keyOf, instead: async () => undefined }),
    counters,
    objects,
    jobs: { records, counters },
    alerts: { publish: async () => {} },
    log: silentLog,
    holderId: 'h',
    now: clock.now,
    ...parts,
  });
  await ready;
  const { server } = createHttpShell(gateway, { callerHeader: CALLER_HEADER });
  const url = await listen(server);
  onTestFinished(async () => {
    await close();
    server.close();
    await upstream.close();
  });
  const alerts: string[] = [];

  return {
    ...{ url, gateway, mistral, clock, policy, objects, records, counters, alerts, flush },

    passHours: (hours: number) => clock.playUntil(new Date(clock.now().getTime() + hours * HOUR)),

    ask: (path: string, { method = 'GET', body = undefined as unknown, role = 'developer' } = {}) =>
      fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', [CALLER_HEADER]: session(role) },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),

    /** As if the caller had uploaded it. */
    async aFile(content: string, role = 'developer', workspace = 'dev-workspace'): Promise<string> {
      const { id } = mistral.files.add(idOf(workspace), { filename: 'requests.jsonl', content });
      const owner = session(role).replace(/\/[^/]*$/, '');
      await objects.write({
        ...{ workspaceId: idOf(workspace), kind: 'file', id, owner, role, isShared: false },
        ...{ createdAtMs: clock.now().getTime(), card: { id } },
      });
      return id;
    },

    settle: () =>
      settleJobs({
        ...{ policy, records, counters, objects, log: silentLog, now: clock.now },
        batchJobs: createBatchJobs(createMistralHttp(upstream.url, { sleep: clock.sleep })),
        keyOf: async (workspace) => keyOf(workspace),
        alerts: { publish: async ({ title }) => void alerts.push(title) },
      }),

    /** What is settled and what is reserved of each budget, in nano-dollars. */
    async money(workspace = 'dev-workspace') {
      await flush();
      const of = policy.workspaces.find(({ name }) => name === workspace);
      if (!of) throw new Error(`no workspace ${workspace}`);
      const all = await createQuotaTotals(counters).of(
        moneyQuotasOf(policy, of),
        START,
        clock.now(),
      );
      return Object.fromEntries(
        all.map(({ quota, settled, committed }) => [
          quota.window,
          { settled, reserved: committed - settled },
        ]),
      );
    },
  };
}

export type BatchWorld = Awaited<ReturnType<typeof batchWorld>>;
