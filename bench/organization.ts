import type { SecretState } from '../governance/keys/rotation.js';
import { addDays, startOfDay } from '../governance/platform/utc-day.js';
import { createdKeyName } from '../governance/policy/key-name.js';
import { type PlannedKey, plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';

/** The night that is audited. */
export const TODAY = '2026-06-30';

const ROTATED_ON = addDays(TODAY, -10);
const VERSION_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
const WORKSPACES = 40;

/** A managed secret without findings. */
export function secretState(name: string): SecretState {
  return {
    arn: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`,
    name,
    rotationEnabled: true,
    stagesByVersion: { [VERSION_ID]: ['AWSCURRENT'] },
    createdAt: startOfDay(ROTATED_ON),
    lastRotatedAt: startOfDay(ROTATED_ON),
    nextRotationAt: startOfDay(addDays(ROTATED_ON, 90)),
  };
}

/** The policy's keys and unmanaged ones, `count` in total, as Mistral lists them. */
export function* listedRows(policy: Policy, count: number): Generator<object> {
  const planned = plannedKeys(policy);
  for (let index = 0; index < count; index += 1) {
    const key = planned[index];
    yield key ? managedRow(key, index) : handmadeRow(index);
  }
}

function managedRow({ key, workspace }: PlannedKey, index: number): object {
  return row(index, {
    name: createdKeyName(key.name, ROTATED_ON, VERSION_ID),
    created_at: `${ROTATED_ON}T02:10:45.123456Z`,
    expiration_date: addDays(ROTATED_ON, 111),
    workspace_id: workspace.id,
    workspace_name: workspace.name,
    last_used: TODAY,
  });
}

/** New and old, used and unused, with and without expiry: every type of finding occurs. */
function handmadeRow(index: number): object {
  const workspace = index % WORKSPACES;
  const createdOn = addDays(TODAY, -((index * 7919) % 400));
  return row(index, {
    name: `service ${index}`,
    created_at: `${createdOn}T02:10:45.123456Z`,
    expiration_date: index % 7 === 0 ? null : addDays(TODAY, ((index * 13) % 200) - 20),
    workspace_id: `7d2e1b3c-52f4-4f8e-9d43-${String(workspace).padStart(12, '0')}`,
    workspace_name: `workspace ${workspace}`,
    last_used: index % 5 === 0 ? null : addDays(TODAY, -((index * 31) % 120)),
  });
}

/** With every field that Mistral documents, including those that this product does not read. */
function row(index: number, fields: object): object {
  return {
    key_id: `9a4d7c1e-3b58-4f6a-8f0e-${String(index).padStart(12, '0')}`,
    key: null,
    hidden_key: 'HQSx...Ug6Y',
    actions: {
      rotate: { status: 'unavailable', reason: 'unsupported_scope' },
      delete: { status: 'available' },
    },
    created_by: 'alice.martin@example.com',
    product: 'API',
    can_delete: true,
    ...fields,
  };
}
