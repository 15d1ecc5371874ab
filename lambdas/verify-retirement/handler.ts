import type { KeyDeps } from '../../governance/keys/key-deps.js';
import {
  EarlierCheckSchema,
  judgeRetirement,
  type Retirement,
  type RetirementFacts,
  RetirementSchema,
  type RetirementVerdict,
} from '../../governance/keys/retirement.js';
import { blockingVersion } from '../../governance/keys/rotation.js';
import { readCurrentKey } from '../../governance/keys/stored-keys.js';
import { isPlanned } from '../../governance/policy/planned-keys.js';

export type VerifyRetirementDeps = Pick<
  KeyDeps,
  'policy' | 'secrets' | 'inspector' | 'prober' | 'log' | 'now'
>;

/** Task of the retirement flow: gathers the facts about an old key and returns a verdict. */
export function createVerifyRetirementHandler(deps: VerifyRetirementDeps) {
  return async (event: unknown): Promise<RetirementVerdict> => {
    const retirement = RetirementSchema.parse(event);
    const rejectedSince = EarlierCheckSchema.parse(event).verdict?.rejectedSince;
    const facts = await gatherFacts(deps, retirement, rejectedSince);
    const verdict = judgeRetirement(facts, retirement.rules);
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}

async function gatherFacts(
  deps: VerifyRetirementDeps,
  retirement: Retirement,
  rejectedSince: string | undefined,
): Promise<RetirementFacts> {
  const { oldKeyId, oldVersionId } = retirement;
  const [{ current, newKey, unfinished }, oldKey] = await Promise.all([
    inspectCurrent(deps, retirement),
    deps.inspector.find(oldKeyId, oldVersionId),
  ]);
  const isBadAgain = rejectedSince !== undefined && newKey?.kind === 'bad';
  return {
    now: deps.now(),
    promotedAt: new Date(retirement.promotedAt),
    current,
    newKey,
    rejectedSince,
    oldKey,
    oldKeyAccepted: isBadAgain ? await accepts(deps, retirement) : undefined,
    unfinished,
  };
}

async function inspectCurrent(
  { policy, secrets, inspector, now }: VerifyRetirementDeps,
  retirement: Retirement,
): Promise<Pick<RetirementFacts, 'current' | 'newKey' | 'unfinished'>> {
  const { secretName, oldKeyId } = retirement;
  const none = { newKey: undefined, unfinished: undefined };
  if (!isPlanned(policy, secretName)) return { current: 'none', ...none };
  const { state, versionId, key } = await readCurrentKey(secrets, secretName);
  const unfinished = blockingVersion(state);
  if (key?.keyId === oldKeyId) return { current: 'old', newKey: undefined, unfinished };
  const isOurs = retirement.reason === 'replaced' && key?.keyId === retirement.newKeyId;
  if (versionId === undefined || !key || !isOurs) return { current: 'later', ...none };
  const { health } = await inspector.inspect(key, versionId, now());
  return { current: 'new', newKey: health, unfinished };
}

/** Whether rolling back would help. Uses the old key, so only once the new one is known to be bad. */
async function accepts(
  { secrets, prober }: VerifyRetirementDeps,
  { secretId, oldVersionId }: Retirement,
): Promise<boolean> {
  const old = await secrets.read(secretId, oldVersionId);
  return old !== undefined && (await prober.probe(old.apiKey)).kind === 'accepted';
}
