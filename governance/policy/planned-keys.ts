import type { KeyPolicy, Policy, RotationPolicy, Workspace } from './policy.js';
import type { SecretFormat } from './policy-secrets.js';

/** Margin between a key's planned end and its expiry at Mistral: two weeks of failed rotations. */
const EXPIRY_MARGIN_DAYS = 14;

/** How long after its creation a new key expires at Mistral. */
export function expireAfterDays(rotation: RotationPolicy, key: KeyPolicy): number {
  return (
    rotation.expireAfterDays ?? key.rotateEveryDays + rotation.maxDrainDays + EXPIRY_MARGIN_DAYS
  );
}

/** The user that keys of the Admin API belong to. @throws Error in operator mode, whose policies may have none */
export function ownerOf({ name, ownerUserId }: Pick<Workspace, 'name' | 'ownerUserId'>): string {
  if (ownerUserId !== undefined) return ownerUserId;
  throw new Error(
    `workspace ${name} has no ownerUserId, to whom a key of the Admin API could belong`,
  );
}

/** The name other systems know a managed key's secret by, where the policy gives it no other. */
export function secretName(workspace: string, key: string): string {
  return `mistral/${workspace}/${key}`;
}

/** A key that the policy asks for, with the workspace it belongs to. */
export interface PlannedKey {
  readonly secretName: string;
  readonly workspace: Workspace;
  readonly key: KeyPolicy;
}

/** How the secret of a key holds it. */
export function formatOf({ key }: Pick<PlannedKey, 'key'>): SecretFormat {
  return key.secret?.format ?? 'json';
}

/** Whether the secret was there before this product, and stays what it is besides its key. */
export function isExisting({ key }: Pick<PlannedKey, 'key'>): boolean {
  return key.secret?.existing ?? false;
}

/** The name of the key that the gateway has for itself in each workspace it serves. */
export const GATEWAY_KEY_NAME = 'gateway';

const GATEWAY_ROTATION_DAYS = 90;

/** Rotates early enough for the audit, and for the replaced key to drain before the new one expires. */
export function gatewayKey({ gateway, audit, rotation }: Policy): KeyPolicy {
  const { expireAfterDays: lifetime = Infinity, maxDrainDays } = rotation;
  return {
    name: GATEWAY_KEY_NAME,
    description: 'Used by the gateway alone',
    rotateEveryDays: Math.min(GATEWAY_ROTATION_DAYS, audit.maxAgeDays, lifetime - maxDrainDays - 1),
    readers: gateway.readers,
    refresh: [],
  };
}

/** The workspaces that the gateway may send requests to: those of callers, and where these overflow. */
export function gatewayWorkspaces({ gateway, callers, workspaces }: Policy): readonly Workspace[] {
  if (!gateway.enabled) return [];
  const named = new Set([
    ...callers.map(({ workspace }) => workspace),
    ...workspaces.flatMap(({ overflowTo }) => overflowTo),
  ]);
  return workspaces.filter(({ name }) => named.has(name));
}

/** Whether the policy still asks for the key of this secret. */
export function isPlanned(policy: Policy, secret: string): boolean {
  return plannedKeyOf(policy, secret) !== undefined;
}

/** The key that the policy asks for in this secret, if it still does. */
export function plannedKeyOf(policy: Policy, secret: string): PlannedKey | undefined {
  return plannedKeys(policy).find(({ secretName: planned }) => planned === secret);
}

export function plannedKeys(policy: Policy): readonly PlannedKey[] {
  const served = gatewayWorkspaces(policy);
  const ownKey = gatewayKey(policy);
  return policy.workspaces.flatMap((workspace) =>
    [...workspace.keys, ...(served.includes(workspace) ? [ownKey] : [])].map((key) => ({
      secretName: key.secret?.name ?? secretName(workspace.name, key.name),
      workspace,
      key,
    })),
  );
}
