import * as z from 'zod';
import { RetirementSchema } from '../governance/keys/retirement.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { SpendRow } from '../governance/spend/spend-row.js';
import type { Execution } from '../testing/fakes/executions.js';
import type { FakeKey } from '../testing/fakes/mistral-keys.js';
import type { RotationRecord } from '../testing/rotations.js';
import type { World } from '../testing/world.js';
import { currentKeyId, type Diary, keyIdIn } from './stage.js';

export type KeyStatus = 'current' | 'draining' | 'revoked' | 'unmanaged';

export type RotationOutcome =
  | 'provisioned'
  | 'replaced key draining'
  | 'replaced key revoked'
  | 'replaced key kept'
  | 'rolled back'
  | 'new key withdrawn'
  | 'operator key rejected'
  | 'operator key not verified'
  | 'failed';

export type RunDocument = ReturnType<typeof documentOf>;

/** The output of `npm start -- --json`. */
export function documentOf(world: World, diary: Diary) {
  const openIds = new Set(diary.audits.at(-1)?.findings.map(({ id }) => id));
  return {
    keys: world.mistral.keys.made.map((key) => ({
      name: key.name ?? '',
      workspace: workspaceOf(world, key),
      keyId: knownAs(world, key),
      status: statusOf(world, key),
      createdAt: key.createdAt.toISOString(),
      lastUsed: key.lastUsedOn,
    })),
    findings: [...diary.findings.values()].map((finding) => ({
      ...finding,
      status: openIds.has(finding.id) ? ('open' as const) : ('resolved' as const),
    })),
    rotations: world.rotations.map((record) => summaryOf(world, record)),
    alerts: world.inbox.messages.map(({ at, ...message }) => ({
      at: at.toISOString(),
      ...message,
    })),
    /** The last window of each kind, and the one that came closest to its budget. */
    spend: notable([...diary.spend.values()]).map(spendOf),
  };
}

/** How the rotations of a secret ended, in order. */
export function outcomesOf({ rotations }: RunDocument, secretName: string): RotationOutcome[] {
  return rotations.filter(({ secret }) => secret === secretName).map(({ outcome }) => outcome);
}

/** The alerts of a type; with a secret, only those that name it. */
export function alertsOf({ alerts }: RunDocument, type: string, secretName?: string) {
  return alerts.filter(
    ({ attributes, bodies }) =>
      attributes.type === type &&
      (secretName === undefined || bodies.default?.includes(`"${secretName}"`)),
  );
}

/** Who gets an alert by the policy's subscriptions. */
export function subscribersOf(
  { subscriptions }: Policy['alerts'],
  { type, severity, workspace }: Readonly<Record<string, string>>,
): string[] {
  return subscriptions
    .filter(({ filter = {} }) => {
      const lists: readonly [readonly string[] | undefined, string | undefined][] = [
        [filter.type, type],
        [filter.severity, severity],
        [filter.workspace, workspace],
      ];
      return lists.every(([list, value]) => list?.includes(value ?? '') ?? true);
    })
    .map(({ protocol, endpoint }) => `${protocol}:${endpoint}`);
}

/** Per workspace and length of window: the last window, and the one closest to its budget. */
function notable(rows: readonly SpendRow[]): SpendRow[] {
  const kept = new Set<SpendRow>();
  for (const name of new Set(rows.map(groupOf))) {
    const group = rows.filter((row) => groupOf(row) === name);
    const byTime = [...group].sort((one, other) => (one.windowName < other.windowName ? -1 : 1));
    const bySpend = [...group].sort((one, other) => one.spentNanos - other.spentNanos);
    for (const row of [bySpend.at(-1), byTime.at(-1)]) if (row) kept.add(row);
  }
  return [...kept];
}

function groupOf({ workspace, window }: SpendRow): string {
  return `${workspace} ${window}`;
}

/** Money in units of the currency, exact to nine decimals. */
function spendOf(row: SpendRow) {
  const money = (nanos: number | undefined) => (nanos === undefined ? null : nanos / 1e9);
  return {
    workspace: row.workspace,
    window: row.window,
    windowName: row.windowName,
    currency: row.currency,
    spent: row.spentNanos / 1e9,
    metered: money(row.meteredNanos),
    billed: money(row.billedNanos),
    budget: money(row.budgetNanos),
    percent: row.percent ?? null,
  };
}

function workspaceOf({ policy }: World, { workspaceId }: FakeKey): string {
  return policy.workspaces.find(({ id }) => id === workspaceId)?.name ?? workspaceId;
}

/** The name of a key in secrets and retirements: only the Admin API has ids. */
function knownAs({ policy }: World, { id, name }: FakeKey): string {
  return policy.mistral.keySource === 'operator' ? (name ?? id) : id;
}

function statusOf(world: World, key: FakeKey): KeyStatus {
  if (!world.mistral.keys.all().includes(key)) return 'revoked';
  const keyId = knownAs(world, key);
  const isCurrent = plannedKeys(world.policy).some(
    ({ secretName }) => currentKeyId(world, secretName) === keyId,
  );
  if (isCurrent) return 'current';
  const retiring = world.executions
    .all()
    .some((one) => one.status === 'RUNNING' && retirementOf(one).oldKeyId === keyId);
  return retiring ? 'draining' : 'unmanaged';
}

function summaryOf(world: World, record: RotationRecord) {
  const execution = world.executions.all().find(({ name }) => name === record.versionId);
  const { value } = world.secrets.find(record.secret).versions.get(record.versionId) ?? {};
  const flow =
    execution?.path.map(({ state, at }) => ({ step: state, at: at.toISOString() })) ?? [];
  return {
    secret: record.secret,
    oldKeyId: execution ? retirementOf(execution).oldKeyId : null,
    newKeyId: keyIdIn(value) ?? null,
    outcome: execution ? endOf(execution) : outcomeWithoutFlow(record),
    startedAt: record.startedAt.toISOString(),
    /** The rotation's steps, then the tasks and waits of the retirement. */
    steps: [...record.steps.map((step) => ({ ...step, at: step.at.toISOString() })), ...flow],
  };
}

const ENDS: Readonly<Record<string, RotationOutcome>> = {
  Retired: 'replaced key revoked',
  'Rolled back': 'rolled back',
  'Key kept': 'replaced key kept',
};

const EnteredSchema = z.object({
  type: z.literal('StateEntered'),
  state: z.object({ name: z.string() }),
});

function endOf({ status, history }: Execution): RotationOutcome {
  if (status === 'RUNNING') return 'replaced key draining';
  const states = history.flatMap((event) => EnteredSchema.safeParse(event).data?.state.name ?? []);
  return ENDS[states.at(-1) ?? ''] ?? 'failed';
}

const WITHOUT_FLOW: readonly (readonly [string, RotationOutcome])[] = [
  ['NewKeyRejectedError', 'new key withdrawn'],
  ['OperatorKeyRejectedError', 'operator key rejected'],
  ['NewKeyUndecidedError', 'operator key not verified'],
];

function outcomeWithoutFlow({ finishedAt, steps }: RotationRecord): RotationOutcome {
  if (finishedAt) return 'provisioned';
  const error = steps.at(-1)?.error ?? '';
  return WITHOUT_FLOW.find(([name]) => error.startsWith(name))?.[1] ?? 'failed';
}

export function retirementOf({ input }: Execution) {
  return RetirementSchema.parse(input);
}
