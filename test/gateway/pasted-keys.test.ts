import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGatewayKeyReader } from '../../governance/keys/key-reader.aws.js';
import { serializeManagedKey } from '../../governance/keys/managed-key.js';
import { createWorkspaceKeys } from '../../governance/metering/workspace-keys.js';
import { localAws } from '../../testing/aws.js';
import { answerAwsJson } from '../../testing/fakes/aws-json.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { createSecretStore } from '../../testing/fakes/secret-store.js';
import { aManagedKey } from '../support/builders.js';
import {
  answerJson,
  CHAT,
  COMPLETION,
  DAILY_TOKENS,
  gatewayWorld,
  UPSTREAM_KINDS,
} from '../support/gateway-world.js';
import { MARGINS, NO_KEYS } from '../support/pasted-keys.js';

const KEY = 'Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J';
const REQUESTS = 'workspace#dev-workspace requests minute';

/** The gateway's real reader of a secret in which an administrator stored this. */
async function keysOf(apiKey: string, alerts: string[]) {
  const secrets = createSecretStore(
    () => new Date('2026-06-30T12:00:00Z'),
    () => {},
  );
  const value = JSON.stringify({ ...JSON.parse(serializeManagedKey(aManagedKey('k'))), apiKey });
  secrets.create('mistral/dev-workspace/gateway', { value });
  const server = await serveHttp(async (call) => answerAwsJson(call, secrets.operations));
  const client = new SecretsManagerClient(localAws(server.url));
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const onUnusable = (workspace: string) => void alerts.push(workspace);
  return createWorkspaceKeys(createGatewayKeyReader(client), Date.now, onUnusable);
}

describe.each(UPSTREAM_KINDS)('over %s', (upstreamKind) => {
  const openWorld = async (apiKey: string) => {
    const alerts: string[] = [];
    const keys = await keysOf(apiKey, alerts);
    const world = await gatewayWorld(
      (response) => answerJson(response, 200, COMPLETION),
      undefined,
      { upstreamKind, keys },
    );
    return { ...world, alerts };
  };

  test.each(MARGINS)(
    'a key that was pasted with %s around it is sent without',
    async (_, margin) => {
      const world = await openWorld(margin + KEY + margin);
      expect((await world.ask(CHAT)).status).toBe(200);
      expect(world.received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`]);
      expect(world.alerts).toEqual([]);
    },
  );

  test.each(NO_KEYS)(
    'a key with %s is key_unavailable: one alert, nothing sent, nothing booked',
    async (_, textOf) => {
      const world = await openWorld(textOf(KEY));
      for (const answer of [await world.ask(CHAT), await world.ask(CHAT)]) {
        expect(answer.status).toBe(403);
        expect(answer.headers.get('retry-after')).toBeNull();
        const text = await answer.text();
        expect(JSON.parse(text)).toMatchObject({ code: 'key_unavailable' });
        expect(text + world.logged).not.toContain(KEY.slice(0, 8));
      }
      expect(world.received).toEqual([]);
      expect(world.alerts).toEqual(['dev-workspace']);
      expect(world.quotas.ends).toEqual({ settled: 0, released: 2 });
      for (const quota of [REQUESTS, DAILY_TOKENS]) expect(world.quotas.settled(quota)).toBe(0);
      expect(world.quotas.reserved()).toBe(0);
    },
  );
});
