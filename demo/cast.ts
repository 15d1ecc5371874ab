import { addDays } from '../governance/platform/utc-day.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { DAYS } from './stage.js';

/** Before it, a story tells other things than rotations. */
const FIRST_DAY = 20;

/** A key whose first replacement takes a course of its own. */
export interface CastKey {
  readonly secretName: string;
  readonly workspaceId: string;
  /** The day of the story, counted from 0. */
  readonly rotatedOn: number;
  /** Whether on-call asks for that rotation, because the key is due too late. */
  readonly isEarly: boolean;
}

/** The keys of a policy's services by the course that they take; it may have too few for all. */
export interface Cast {
  readonly cleanly?: CastKey;
  readonly stillInUse?: CastKey;
  readonly neverValid?: CastKey;
  readonly goesBad?: CastKey;
  /** In how many days after a rotation an unused key is revoked. */
  readonly drainDays: number;
  /** What rotates after this day may still be draining at the end. */
  readonly lastDay: number;
}

/** The keys that rotate with time before and after, each in one course as far as they go. */
export function castOf(policy: Policy): Cast {
  const { drainDays, lastDay } = drainOf(policy);
  const shortest = Math.max(FIRST_DAY, 2 * drainDays + 6);
  const [cleanly, stillInUse, neverValid, goesBad] = serviceKeys(policy)
    .filter(({ key }) => lastDay >= FIRST_DAY && key.rotateEveryDays >= shortest)
    .map(({ secretName, workspace, key }) => ({
      secretName,
      workspaceId: workspace.id,
      rotatedOn: Math.min(key.rotateEveryDays, lastDay),
      isEarly: key.rotateEveryDays > lastDay,
    }));
  return {
    drainDays,
    lastDay,
    ...(cleanly && { cleanly }),
    ...(stillInUse && { stillInUse }),
    ...(neverValid && { neverValid }),
    ...(goesBad && { goesBad }),
  };
}

/** How long retirements take, and the last day on which one may begin that is to end in the run. */
export function drainOf({ rotation }: Policy): Pick<Cast, 'drainDays' | 'lastDay'> {
  const cacheDays = Math.max(1, Math.ceil(rotation.readerCacheSeconds / 86_400));
  const drainDays = rotation.quietDays + cacheDays + 1;
  return { drainDays, lastDay: DAYS - 2 * drainDays - 4 };
}

/** All but those that the gateway has for itself. */
export function serviceKeys(policy: Policy): readonly PlannedKey[] {
  return plannedKeys(policy).filter(({ key }) => key.name !== GATEWAY_KEY_NAME);
}

/** How the name of a key begins that is made for a secret on a day of the story. */
export function nameOnDay({ secretName, rotatedOn }: CastKey, start: Date): string {
  const day = addDays(start.toISOString().slice(0, 10), rotatedOn).replaceAll('-', '');
  return `${secretName.split('/').at(-1)}-${day}`;
}
