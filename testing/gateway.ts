import { createHttpShell } from '../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../gateway/server/undici-upstream.js';
import { connectGateway } from '../gateway/wiring.js';
import type { Log } from '../governance/platform/log.js';
import { LOCAL_ALERTS, localAws, PATIENT_CLIENT } from './aws.js';
import { listenHere } from './fakes/http-server.js';
import type { World } from './world.js';

const CALLER_HEADER = 'x-caller-arn';

export type LocalGateway = Awaited<ReturnType<typeof openLocalGateway>>;

/** The gateway of a world, as a plain server. */
export async function openLocalGateway(
  { policy, clock, url }: World,
  quotaTableName: string,
  log: Log,
  objectsTableName?: string,
) {
  const opened = connectGateway({
    policy: { ...policy, mistral: { ...policy.mistral, apiUrl: url } },
    aws: { ...PATIENT_CLIENT, ...localAws(url) },
    upstream: createUndiciUpstream(url, policy.gateway),
    quotaTableName,
    objectsTableName,
    alertsEnv: LOCAL_ALERTS,
    log,
    now: clock.now,
    holderId: 'local-gateway',
  });
  await opened.ready;
  const { server, drain } = createHttpShell(opened.gateway, { callerHeader: CALLER_HEADER });
  const ownUrl = await listenHere(server);

  return {
    /** Calls it over HTTP as this caller. */
    ask: (callerArn: string, path: string, body: unknown): Promise<Response> =>
      fetch(ownUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [CALLER_HEADER]: callerArn },
        body: JSON.stringify(body),
      }),

    /** Settles the use, as happens every second in production. */
    flush: opened.flush,

    async close(): Promise<void> {
      await drain(1000);
      await opened.close();
    },
  };
}
