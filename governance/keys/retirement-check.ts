import type { ListedKey } from '../mistral/mistral.js';
import { isPlanned } from '../policy/planned-keys.js';
import type { KeyDeps } from './key-deps.js';
import {
  EarlierCheckSchema,
  judgeRetirement,
  type Retirement,
  type RetirementFacts,
  type RetirementVerdict,
  readRetirement,
} from './retirement.js';
import { onReminderDays, type SilentVerdict } from './retirement-reminder.js';
import { blockingVersion } from './rotation.js';
import { readCurrentKey } from './stored-keys.js';

export type RetirementCheckDeps = Pick<
  KeyDeps,
  'policy' | 'secrets' | 'inspector' | 'prober' | 'now'
>;

export interface CheckedRetirement {
  readonly retirement: Retirement;
  readonly verdict: RetirementVerdict | SilentVerdict;
  /** As Mistral lists it; `undefined` once it is gone. */
  readonly oldKey: ListedKey | undefined;
}

/** Gathers the facts about the old key that an input names, and judges them by the policy's rules. */
export async function checkRetirement(
  deps: RetirementCheckDeps,
  event: unknown,
): Promise<CheckedRetirement> {
  const retirement = readRetirement(event, deps.policy.rotation);
  const rejectedSince = EarlierCheckSchema.parse(event).verdict?.rejectedSince;
  const { oldKeyId, oldVersionId } = retirement;
  const [{ current, newKey, unfinished, createdAt }, oldKey] = await Promise.all([
    inspectCurrent(deps, retirement),
    deps.inspector.find(oldKeyId, oldVersionId),
  ]);
  const isBadAgain = rejectedSince !== undefined && newKey?.kind === 'bad';
  const facts: RetirementFacts = {
    now: deps.now(),
    promotedAt: later(new Date(retirement.promotedAt), createdAt),
    current,
    newKey,
    rejectedSince,
    oldKey,
    oldKeyAccepted: isBadAgain ? await acceptsOld(deps, retirement) : undefined,
    unfinished,
  };
  const verdict = judgeRetirement(facts, retirement.rules);
  return { retirement, oldKey, verdict: onReminderDays(verdict, event, facts.now) };
}

type CurrentFacts = Pick<RetirementFacts, 'current' | 'newKey' | 'unfinished'> & {
  /** Of the current key, where that is not the old one. */
  readonly createdAt?: Date;
};

async function inspectCurrent(
  { policy, secrets, inspector, now }: RetirementCheckDeps,
  retirement: Retirement,
): Promise<CurrentFacts> {
  const { secretName, oldKeyId } = retirement;
  const none = { newKey: undefined, unfinished: undefined };
  if (!isPlanned(policy, secretName)) return { current: 'none', ...none };
  const { state, versionId, key } = await readCurrentKey(secrets, secretName);
  const unfinished = blockingVersion(state);
  if (key?.keyId === oldKeyId) return { current: 'old', newKey: undefined, unfinished };
  const isOurs = retirement.reason === 'replaced' && key?.keyId === retirement.newKeyId;
  if (versionId === undefined || !key) return { current: 'later', ...none };
  if (!isOurs) return { current: 'later', ...none, createdAt: key.createdAt };
  const { health } = await inspector.inspect(key, versionId, now());
  return { current: 'new', newKey: health, unfinished, createdAt: key.createdAt };
}

/** Whether rolling back would help. Uses the old key, so only once the new one is known to be bad. */
export async function acceptsOld(
  { secrets, prober }: Pick<KeyDeps, 'secrets' | 'prober'>,
  { secretId, oldKeyId, oldVersionId }: Pick<Retirement, 'secretId' | 'oldKeyId' | 'oldVersionId'>,
): Promise<boolean> {
  const old = await secrets.read(secretId, oldVersionId);
  return old?.keyId === oldKeyId && (await prober.probe(old.apiKey)).kind === 'accepted';
}

/**
 * No key was promoted before it was created, even if an input says so. Which key was the next one only an input
 * says, so a drain that a later rotation overtakes starts again with that.
 */
function later(promotedAt: Date, createdAt: Date | undefined): Date {
  return createdAt && createdAt > promotedAt ? createdAt : promotedAt;
}
