import * as z from 'zod';
import { MINUTE_MS } from '../platform/utc-day.js';
import type { Refresh } from '../policy/policy-refresh.js';

/** A service that the flow restarts: all but `eventOnly`, which programs do. */
export type Consumer = Pick<Refresh, 'assumeRole'> &
  (
    | { readonly ecs: NonNullable<Refresh['ecs']> }
    | { readonly lambda: NonNullable<Refresh['lambda']> }
  );

export function consumersOf(refresh: readonly Refresh[]): Consumer[] {
  return refresh.flatMap(({ ecs, lambda, assumeRole }): Consumer[] => {
    if (ecs) return [{ ecs, assumeRole }];
    return lambda ? [{ lambda, assumeRole }] : [];
  });
}

/** `ECS service main/search`: its name for people, and in the state of the flow. */
export function consumerName(consumer: Consumer): string {
  const account = consumer.assumeRole?.split(':')[4];
  const where = account === undefined ? '' : ` of account ${account}`;
  return 'ecs' in consumer
    ? `ECS service ${consumer.ecs.cluster}/${consumer.ecs.service}${where}`
    : `Lambda function ${consumer.lambda.function}${where}`;
}

/** How the new start of one consumer goes. */
export type RestartState =
  | { readonly kind: 'steady' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly reason: string };

const ProgressSchema = z.object({
  name: z.string(),
  kind: z.enum(['steady', 'starting', 'failed']),
  /** Why it has failed, or why the last attempt did. */
  reason: z.string().optional(),
});
export type Progress = z.infer<typeof ProgressSchema>;

/** In the state of the flow, after a first attempt. */
export const RefreshSchema = z.object({
  until: z.iso.datetime(),
  consumers: z.array(ProgressSchema),
});
type RefreshSoFar = z.infer<typeof RefreshSchema>;

export type RefreshVerdict = RefreshSoFar &
  (
    | { readonly kind: 'refreshing'; readonly checkAt: string }
    | { readonly kind: 'refreshed' | 'not-refreshed' }
  );

/** Longer than the health checks and draining of most deployments take. */
const DEADLINE_MS = 30 * MINUTE_MS;
const CHECK_EVERY_MS = MINUTE_MS / 2;

export function refreshUntil(at: Date): string {
  return new Date(at.getTime() + DEADLINE_MS).toISOString();
}

/** Decides whether to wait for consumers that are not steady yet. A deadline keeps no one from retiring the key. */
export function judgeRefresh(
  consumers: readonly Progress[],
  until: string,
  at: Date,
): RefreshVerdict {
  const soFar = { until, consumers: [...consumers] };
  if (consumers.every(({ kind }) => kind === 'steady')) return { ...soFar, kind: 'refreshed' };
  const isStarting = consumers.some(({ kind }) => kind === 'starting');
  if (!isStarting || at >= new Date(until)) return { ...soFar, kind: 'not-refreshed' };
  const checkAt = new Date(at.getTime() + CHECK_EVERY_MS).toISOString();
  return { ...soFar, kind: 'refreshing', checkAt };
}
