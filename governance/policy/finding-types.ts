/** What needs to be done comes before what explains it. */
export const FINDING_TYPES = [
  'stale',
  'never-used',
  'over-age',
  'expiring',
  'expired',
  'no-expiry',
  'unmanaged',
  'orphaned',
  'missing',
  'wrong-workspace',
  'rotation-overdue',
  'rotation-failed',
  'policy-drift',
  'model-drift',
  'price-drift',
  'unknown-price',
  'unowned-object',
  'key-needed',
] as const;

export type FindingType = (typeof FINDING_TYPES)[number];

/** Why findings of a type are reported whether or not the policy accepts them. */
const NEVER_ACCEPTED: Partial<Record<FindingType, string>> = {
  orphaned:
    'such a key works and no secret holds it, and it may have been replaced because it leaked: delete it',
  missing: 'services that read the secret are rejected',
  'wrong-workspace': 'its spend is on another team',
  'key-needed': 'without the request no operator supplies the key before it expires',
};

/** Types of findings that `audit.accepted` may name. */
export const ACCEPTABLE_TYPES = FINDING_TYPES.filter(
  (type) => neverAcceptedBecause(type) === undefined,
);

export function neverAcceptedBecause(type: string): string | undefined {
  return Object.hasOwn(NEVER_ACCEPTED, type) ? NEVER_ACCEPTED[type as FindingType] : undefined;
}
