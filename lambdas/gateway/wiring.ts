import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { createHttpsUpstream } from '../../gateway/https-upstream.js';
import { connectGateway } from '../../gateway/wiring.js';
import { AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';
import type { MeasuringRuntime } from '../../governance/policy/function-runtime.js';
import { createGatewayHandler } from './handler.js';

const GatewayEnvSchema = z.object({
  ...AlertsEnvSchema.shape,
  QUOTA_TABLE_NAME: z.string().min(1),
  OBJECTS_TABLE_NAME: z.string().min(1),
});

/** What the construct sets. */
export type GatewayEnv = z.input<typeof GatewayEnvSchema>;

export function wireGateway(runtime: MeasuringRuntime) {
  const { policy } = runtime;
  const env = GatewayEnvSchema.parse(runtime.env);
  return createGatewayHandler(
    connectGateway({
      ...runtime,
      upstream: createHttpsUpstream(policy.mistral.apiUrl, policy.gateway),
      quotaTableName: env.QUOTA_TABLE_NAME,
      objectsTableName: env.OBJECTS_TABLE_NAME,
      alertsEnv: env,
      holderId: randomUUID(),
    }),
  );
}
