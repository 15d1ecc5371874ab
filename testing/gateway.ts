import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createHttpShell } from '../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../gateway/server/undici-upstream.js';
import { openGateway } from '../gateway/wiring.js';
import { createAlertTopic } from '../governance/alerts/alert-topic.aws.js';
import { createGatewayKeyReader } from '../governance/keys/key-reader.aws.js';
import { createWorkspaceKeys } from '../governance/metering/workspace-keys.js';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Log } from '../governance/platform/log.js';
import { createQuotaCounters } from '../governance/quotas/quota-counters.aws.js';
import { localAws } from './aws.js';
import type { World } from './world.js';

const CALLER_HEADER = 'x-caller-arn';

/** The gateway of a world, as the plain server that it also is. */
export interface LocalGateway {
  /** Calls it over HTTP as this caller. */
  ask(callerArn: string, path: string, body: unknown): Promise<Response>;
  /** Writes what was used, as every second or so does. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export async function openLocalGateway(
  { policy, clock, url }: World,
  quotaTableName: string,
  log: Log,
): Promise<LocalGateway> {
  const aws = { ...AWS_CLIENT, ...localAws(url) };
  const clients = {
    secretsManager: new SecretsManagerClient(aws),
    dynamo: new DynamoDBClient(aws),
    sns: new SNSClient(aws),
  };
  const opened = openGateway({
    policy: { ...policy, mistral: { ...policy.mistral, apiUrl: url } },
    upstream: createUndiciUpstream(url, policy.gateway),
    keys: createWorkspaceKeys(createGatewayKeyReader(clients.secretsManager), () =>
      clock.now().getTime(),
    ),
    counters: createQuotaCounters(clients.dynamo, quotaTableName),
    alerts: createAlertTopic(clients.sns, 'arn:aws:sns:local', policy.alerts.runbookUrl),
    log,
    holderId: 'local-gateway',
    now: clock.now,
  });
  await opened.ready;
  const { server, drain } = createHttpShell(opened.gateway, { callerHeader: CALLER_HEADER });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  return {
    ask: (callerArn, path, body) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [CALLER_HEADER]: callerArn },
        body: JSON.stringify(body),
      }),

    flush: opened.flush,

    async close() {
      await drain(1000);
      await opened.close();
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
