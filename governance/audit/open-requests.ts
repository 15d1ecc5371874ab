import type { AlertBlock } from '../alerts/alert.js';
import { judgeRetirement, retirementRules, type StartedRetirement } from '../keys/retirement.js';
import type { ListedKey } from '../mistral/mistral.js';
import { shell } from '../platform/quoting.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';

/** What a running retirement has asked a person for. It has alerts of its own; between these, digests list it. */
export type OpenRequest = { readonly retirement: StartedRetirement } & (
  | { readonly kind: 'key-in-use' | 'approval-needed'; readonly lastUsedOn: IsoDate }
  | { readonly kind: 'deletion-needed' }
);

type Rotation = Pick<Policy, 'rotation'>;

/** Those of old keys that are still used: `oldKeys` are as Mistral lists them, by id. */
export function requestsAboutUse(
  retirements: readonly StartedRetirement[],
  oldKeys: ReadonlyMap<string, Pick<ListedKey, 'lastUsedOn'>>,
  { rotation }: Rotation,
  now: Date,
): OpenRequest[] {
  return waiting(retirements, now).flatMap((retirement) => {
    const oldKey = oldKeys.get(retirement.oldKeyId);
    const promotedAt = new Date(retirement.promotedAt);
    const verdict = judgeRetirement(
      { ...UNKNOWN, now, promotedAt, oldKey },
      retirementRules(rotation),
    );
    return verdict.kind === 'key-in-use' || verdict.kind === 'approval-needed'
      ? [{ retirement, kind: verdict.kind, lastUsedOn: verdict.lastUsedOn }]
      : [];
  });
}

/** What the retirement itself finds out of the current key, and asks for in alerts that are critical. */
const UNKNOWN = {
  current: 'later',
  newKey: undefined,
  rejectedSince: undefined,
  oldKeyAccepted: undefined,
} as const;

/** In operator mode: of each key that was due for its deletion at the last check. */
export function requestsForDeletion(
  retirements: readonly StartedRetirement[],
  now: Date,
): OpenRequest[] {
  return waiting(retirements, now).map((retirement) => ({ retirement, kind: 'deletion-needed' }));
}

/** One for each key that is past its first check, but for those that are approved. */
function waiting(retirements: readonly StartedRetirement[], now: Date): StartedRetirement[] {
  const due = retirements.filter(({ checkAt, approved }) => new Date(checkAt) <= now && !approved);
  return [...new Map(due.map((retirement) => [retirement.oldKeyId, retirement])).values()];
}

export function requestBlock(request: OpenRequest): AlertBlock {
  const { kind, retirement } = request;
  const { secretName, workspace, oldKeyId, promotedAt, reason } = retirement;
  const since = utcDay(new Date(promotedAt));
  const approve = shell`npx --no -- mistral-governance keys approve ${secretName.replace(/^mistral\//, '')}`;
  const texts = {
    'key-in-use': {
      line: 'still in use: a service holds a copy of it.',
      next: { say: 'move that service to the secret, as the alert key-in-use says' },
    },
    'approval-needed': {
      line: 'still in use: its revocation waits for your approval.',
      next: { say: 'move its service to the secret, or approve the revocation', command: approve },
    },
    'deletion-needed': {
      line: 'not deleted yet, as far as is known.',
      next: { say: 'delete it in the Mistral console, as the alert deletion-needed says' },
    },
  };
  const { line, next } = texts[kind];
  const lastUsedOn = kind === 'deletion-needed' ? undefined : request.lastUsedOn;
  return {
    severity: 'warning',
    title: `${secretName} (${workspace})`,
    lines: [`Key ${oldKeyId}: ${reason} on ${since}, ${line}`],
    next,
    data: { request: kind, secret: secretName, keyId: oldKeyId, since: promotedAt, lastUsedOn },
  };
}
