import { addDays, type IsoDate } from '../../governance/platform/utc-day.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

export interface DueRotations {
  readonly secret: string;
  readonly rotateEveryDays: number;
  readonly on: readonly IsoDate[];
}

/** When each key of the policy would have rotated, if all were new on the first day. */
export function rotationsDue(policy: Policy, first: IsoDate, last: IsoDate): DueRotations[] {
  return plannedKeys(policy).map(({ secretName, key: { rotateEveryDays } }) => {
    const on: IsoDate[] = [];
    for (
      let day = addDays(first, rotateEveryDays);
      day <= last;
      day = addDays(day, rotateEveryDays)
    )
      on.push(day);
    return { secret: secretName, rotateEveryDays, on };
  });
}
