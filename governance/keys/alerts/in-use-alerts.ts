import type { Alert, NextStep } from '../../alerts/alert.js';
import { shell } from '../../platform/quoting.js';
import { type IsoDate, utcDay } from '../../platform/utc-day.js';
import { countText, instantText, listText } from '../../platform/wording.js';
import { drainEnd, type Retirement, revokeAtOnce } from '../retirement.js';
import {
  type Reminding,
  type RetirementContext,
  reminderSentence,
  retirementAlert,
  timeText,
} from './retirement-alert.js';
import { held } from './retirement-change.js';

export interface InUseContext extends RetirementContext {
  readonly verdict: Reminding & { readonly lastUsedOn: IsoDate; readonly checkAt: string };
}

/** A replaced or removed key that a service still uses. */
export function keyInUse(context: InUseContext): Alert {
  const { retirement, verdict, at } = context;
  const { secretName, oldKeyId, promotedAt, rules, reason } = retirement;
  const drainEndsAt = drainEnd(new Date(promotedAt), rules);
  const since = timeText(promotedAt);
  const afterwards =
    rules.onDrainTimeout === 'hold'
      ? 'you are asked to approve its revocation'
      : 'it is revoked even if it is still in use';
  return retirementAlert(context, {
    type: 'key-in-use',
    severity: 'warning',
    title: `${reason === 'removed' ? 'Removed' : 'Replaced'} key of ${secretName} is still in use`,
    description: [
      reason === 'removed'
        ? `A service still uses key ${oldKeyId}, which was removed from the policy at ${since}.`
        : `A service is still using a copy of the replaced key ${oldKeyId}, although a new key has been current since ${since}.`,
      `It was last used on ${verdict.lastUsedOn}.`,
      `The key stays valid for now and is checked again at ${timeText(verdict.checkAt, at)}.`,
      `From ${instantText(drainEndsAt, at)} on, ${afterwards}.`,
      reminderSentence(verdict),
    ],
    facts: {
      'last used on': verdict.lastUsedOn,
      'next check': timeText(verdict.checkAt),
      'drain ends at': instantText(drainEndsAt),
      readers: readersText(context),
    },
    nextSteps: [
      listReads(retirement),
      reason === 'removed'
        ? 'Give that service another key of the policy; the revocation follows by itself'
        : 'Restart or redeploy that service so that it reads the secret; the revocation follows by itself',
    ],
  });
}

/** A key still in use after its drain: revoking it may break a service, so an operator decides. */
export function approvalNeeded(context: InUseContext): Alert {
  const { retirement, verdict, at } = context;
  const { secretName, oldKeyId, rules, reason } = retirement;
  const quiet = countText(rules.quietDays, 'full UTC day');
  return retirementAlert(context, {
    type: 'approval-needed',
    severity: 'warning',
    title: `Approve revocation of the ${reason} key of ${secretName}`,
    description: [
      `A service was still using the ${reason} key ${oldKeyId} on ${verdict.lastUsedOn}, more than ${countText(rules.maxDrainDays, 'day')} after it was ${reason === 'removed' ? 'removed from the policy' : 'replaced'}.`,
      `Revocation is paused until you approve it or the key has been unused for ${quiet}.`,
      `Until then the ${reason} key stays valid.`,
      reminderSentence(verdict),
    ],
    facts: {
      'last used on': verdict.lastUsedOn,
      'next check': timeText(verdict.checkAt),
      readers: readersText(context),
    },
    ...held(retirement, verdict, 'approval'),
    nextSteps: [
      listReads(retirement),
      `Move the service off the ${reason} key; the revocation then follows by itself`,
      {
        say: 'Or approve: revoke the key now, which breaks the service that still uses it',
        command: revokeNowCommand(context.stateMachineArn, retirement, at),
      },
    ],
  });
}

/**
 * CloudTrail has every read for 90 days. Readers name the secret by its name or its ARN, so its events are not found by
 * one resource name.
 */
function listReads({ secretId, secretName, promotedAt }: Retirement): NextStep {
  const since = utcDay(new Date(promotedAt));
  return {
    say: `List who has read the secret since ${since}, the last first; a service that works but is not listed holds a copy of the key`,
    command: shell`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GetSecretValue --start-time ${since} --query 'Events[].CloudTrailEvent' --output json | jq -r --arg name ${secretName} --arg arn ${secretId} '.[] | fromjson | select(.requestParameters.secretId | . == $name or . == $arn) | [.eventTime, .userIdentity.arn] | @tsv' | head -n 20`,
  };
}

/** By the policy: asking AWS who else may would need another permission, and could fail. */
function readersText({ readers, retirement }: RetirementContext): string {
  if (readers === undefined) return `not known: the policy no longer has ${retirement.secretName}`;
  const others = 'roles that code grants it to (grantReadKey)';
  return readers.length === 0
    ? `none in the policy; perhaps ${others}`
    : `${listText(readers, SHOWN_READERS)}, and ${others}`;
}

const SHOWN_READERS = 10;

/** Runs the same flow for the same key with nothing to wait for. */
function revokeNowCommand(stateMachineArn: string, retirement: Retirement, at: Date): string {
  const input = JSON.stringify(revokeAtOnce(retirement, at));
  const version =
    retirement.reason === 'replaced'
      ? retirement.newVersionId
      : `removed-${retirement.oldVersionId}`;
  // With the day: an approval that failed keeps its name for 90 days, and this alert is repeated.
  const name = `${`revoke-${version}`.slice(0, MAX_NAME - DAY_ENDING)}-${utcDay(at)}`;
  return shell`aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --name ${name} --input ${input}`;
}

/** The longest name of an execution, and what the day takes of it. */
const MAX_NAME = 80;
const DAY_ENDING = '-2026-12-31'.length;
