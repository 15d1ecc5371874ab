import { onTestFinished } from 'vitest';
import type { GatewayMetrics } from '../../gateway/gateway-metrics.js';
import { createHttpShell } from '../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../gateway/server/undici-upstream.js';
import { openGateway } from '../../gateway/wiring.js';
import type { EventBus } from '../../governance/alerts/event-bus.aws.js';
import type { LedgerRow } from '../../governance/ledger/ledger-row.js';
import type { UnawaitedLimits } from '../../governance/metering/unawaited-answers.js';
import type { ObjectStore } from '../../governance/objects/objects.js';
import { createFakeLedgerStore } from '../../testing/fakes/ledger-store.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { aPolicy, type policyDocument, silentLog } from './builders.js';
import { fakeKeys } from './gateway-fakes.js';
import {
  answerJson,
  CALLER_HEADER,
  COMPLETION,
  listen,
  mistralStandIn,
  type Script,
  session,
} from './gateway-world.js';

const NOW = Date.parse('2026-06-30T12:00:00Z');

/** The policy's own access, prices and quotas; only DynamoDB is a stand-in. */
export async function assembledGateway(
  script: Script = (response) => answerJson(response, 200, COMPLETION),
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
  metrics?: GatewayMetrics,
  objects?: ObjectStore,
  events?: EventBus,
  unawaited?: UnawaitedLimits,
) {
  const { url, received } = await mistralStandIn(script);
  const counters = createFakeQuotaCounters();
  const ledger = createFakeLedgerStore();
  const policy = aPolicy((document) => {
    document.mistral.apiUrl = url;
    change(document);
  });
  const { gateway, ready, flush, close } = openGateway({
    policy,
    upstream: createUndiciUpstream(url, policy.gateway),
    keys: fakeKeys,
    counters,
    ledger,
    alerts: { publish: async () => {} },
    events,
    metrics,
    objects,
    unawaited,
    log: silentLog,
    holderId: 'h',
    now: () => new Date(NOW),
  });
  await ready;
  received.length = 0;
  const { server } = createHttpShell(gateway, { callerHeader: CALLER_HEADER });
  const at = await listen(server);
  onTestFinished(() => void close());
  return {
    received,
    /** What is in the ledger so far. */
    async ledgerRows(): Promise<readonly LedgerRow[]> {
      await flush();
      return [...ledger.pages.values()].flatMap(({ rows }) => rows);
    },
    url: at,
    list: (role: string) =>
      fetch(`${at}/v1/models`, { headers: { [CALLER_HEADER]: session(role) } }),
    ask: (body: unknown, role = 'developer', path = '/v1/chat/completions') =>
      fetch(at + path, {
        method: 'POST',
        headers: { [CALLER_HEADER]: session(role) },
        body: JSON.stringify(body),
      }),
    /** The settled use so far, by the names of counters that have any. */
    async settledByCounter(): Promise<Record<string, number>> {
      await flush();
      const all = [...counters.counters].map(([name, { settled }]) => [name, settled] as const);
      return Object.fromEntries(all.filter(([, settled]) => settled > 0));
    },
  };
}
