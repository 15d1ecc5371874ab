import * as z from 'zod';
import type { Finding } from '../governance/audit/finding.js';
import { RetirementSchema } from '../governance/keys/retirement.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { SpendRow } from '../governance/spend/spend-row.js';
import type { Execution } from '../testing/fakes/executions.js';
import type { FakeKey } from '../testing/fakes/mistral-keys.js';
import type { RotationRecord } from '../testing/secret-rotation.js';
import type { World } from '../testing/world.js';
import { type Diary, keyIdOf } from './hundred-days.js';
import type { TrafficDiary } from './traffic.js';

export type KeyStatus = 'in charge' | 'draining' | 'revoked' | 'unmanaged';

/** What `npm start -- --json` prints. */
export interface RunDocument {
  readonly keys: readonly {
    readonly name: string;
    readonly workspace: string;
    readonly keyId: string;
    readonly status: KeyStatus;
    readonly createdAt: string;
    readonly lastUsed: string | null;
  }[];
  readonly findings: readonly (Finding & { readonly status: 'open' | 'resolved' })[];
  readonly rotations: readonly RotationSummary[];
  readonly alerts: readonly {
    readonly at: string;
    readonly subject: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly bodies: Readonly<Record<string, string>>;
  }[];
  /** Spend per workspace and window: the last of each kind, and the one that came closest to its budget. */
  readonly spend: readonly SpendSummary[];
}

/** Money in units of the currency, exact to nine decimals. */
export interface SpendSummary {
  readonly workspace: string;
  readonly window: SpendRow['window'];
  readonly windowName: string;
  readonly currency: SpendRow['currency'];
  readonly spent: number;
  readonly metered: number | null;
  readonly billed: number | null;
  readonly budget: number | null;
  readonly percent: number | null;
}

export type RotationOutcome =
  | 'provisioned'
  | 'old key draining'
  | 'old key revoked'
  | 'old key kept'
  | 'rolled back'
  | 'new key withdrawn'
  | 'supplied key refused'
  | 'supplied key not verified'
  | 'failed';

export interface RotationSummary {
  readonly secret: string;
  readonly oldKeyId: string | null;
  readonly newKeyId: string | null;
  readonly outcome: RotationOutcome;
  /** The rotation's steps, then the tasks and waits of the retirement. */
  readonly steps: readonly {
    readonly step: string;
    readonly at: string;
    readonly error?: string;
  }[];
}

export function documentOf(
  world: World,
  diary: Pick<Diary, 'audits' | 'findings'>,
  traffic: Pick<TrafficDiary, 'spend'>,
): RunDocument {
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
      status: openIds.has(finding.id) ? 'open' : 'resolved',
    })),
    rotations: world.rotations.map((record) => summaryOf(world, record)),
    alerts: world.inbox.messages.map(({ at, ...message }) => ({
      at: at.toISOString(),
      ...message,
    })),
    spend: notable([...traffic.spend.values()]).map(spendOf),
  };
}

/** Of each workspace's windows of a length, the last and the fullest. */
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

function spendOf(row: SpendRow): SpendSummary {
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

/** What secrets and flows call a key: only the Admin API tells ids. */
function knownAs({ policy }: World, { id, name }: FakeKey): string {
  return policy.mistral.keySource === 'operator' ? (name ?? id) : id;
}

function statusOf(world: World, key: FakeKey): KeyStatus {
  if (!world.mistral.keys.all().includes(key)) return 'revoked';
  const keyId = knownAs(world, key);
  const inCharge = plannedKeys(world.policy).some(
    ({ secretName }) => keyIdOf(world, secretName) === keyId,
  );
  if (inCharge) return 'in charge';
  const retiring = world.executions
    .all()
    .some((one) => one.status === 'RUNNING' && retirementOf(one).oldKeyId === keyId);
  return retiring ? 'draining' : 'unmanaged';
}

function summaryOf(world: World, record: RotationRecord): RotationSummary {
  const execution = world.executions.all().find(({ name }) => name === record.versionId);
  const { value } = world.secrets.find(record.secret).versions.get(record.versionId) ?? {};
  const flow =
    execution?.path.map(({ state, at }) => ({ step: state, at: at.toISOString() })) ?? [];
  return {
    secret: record.secret,
    oldKeyId: execution ? retirementOf(execution).oldKeyId : null,
    newKeyId: keyIdIn(value) ?? null,
    outcome: execution ? endOf(execution) : outcomeWithoutFlow(record),
    steps: [...record.steps.map((step) => ({ ...step, at: step.at.toISOString() })), ...flow],
  };
}

const ENDS: Readonly<Record<string, RotationOutcome>> = {
  Retired: 'old key revoked',
  'Rolled back': 'rolled back',
  'Key kept': 'old key kept',
};

const EnteredSchema = z.object({
  type: z.literal('StateEntered'),
  state: z.object({ name: z.string() }),
});

/** The states that an execution has entered, in order. */
export function statesOf({ history }: Execution): string[] {
  return history.flatMap((event) => {
    const entered = EnteredSchema.safeParse(event);
    return entered.success ? [entered.data.state.name] : [];
  });
}

function endOf(execution: Execution): RotationOutcome {
  if (execution.status === 'RUNNING') return 'old key draining';
  return ENDS[statesOf(execution).at(-1) ?? ''] ?? 'failed';
}

const WITHOUT_FLOW: readonly (readonly [string, RotationOutcome])[] = [
  ['NewKeyRejectedError', 'new key withdrawn'],
  ['OperatorKeyRejectedError', 'supplied key refused'],
  ['NewKeyUndecidedError', 'supplied key not verified'],
];

function outcomeWithoutFlow({ finishedAt, steps }: RotationRecord): RotationOutcome {
  if (finishedAt) return 'provisioned';
  const error = steps.at(-1)?.error ?? '';
  return WITHOUT_FLOW.find(([name]) => error.startsWith(name))?.[1] ?? 'failed';
}

function retirementOf({ input }: Execution) {
  return RetirementSchema.parse(input);
}

const KeyIdSchema = z.object({ keyId: z.string() });

function keyIdIn(value: string | undefined): string | undefined {
  return value === undefined ? undefined : KeyIdSchema.safeParse(JSON.parse(value)).data?.keyId;
}
