import type { Alert } from '../alerts/alert.js';
import {
  type OperatorSecret,
  recommendedExpiry,
  statedExpiry,
  supplyCommand,
  unverifiedVersion,
  verifiedVersion,
} from '../keys/operator/operator-secret.js';
import { groupBy } from '../platform/group-by.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import { countText } from '../platform/wording.js';
import type { Policy } from '../policy/policy.js';
import { bySeverity, type Finding, KEYS_IN_CONSOLE } from './finding.js';
import { secretFinding } from './key-findings.js';

type Rules = Pick<Policy, 'rotation' | 'audit'>;

/** Whether an operator must supply a key: the first one, or the next. */
export function judgeNeed(facts: OperatorSecret, rules: Rules, now: Date): Finding | undefined {
  const { planned, state, currentSince } = facts;
  const current = verifiedVersion(state);
  if (current === undefined) {
    const evidence = { why: 'first key: services that read the secret have none yet' };
    return need(facts, state.createdAt ?? now, evidence);
  }
  if (!currentSince) return undefined;
  const { rotateEveryDays } = planned.key;
  const suppliedOn = utcDay(currentSince);
  const dueOn = addDays(suppliedOn, rotateEveryDays);
  const today = utcDay(now);
  if (today < dueOn) return undefined;
  const stated = statedExpiry(current);
  const deadline = stated ?? recommendedExpiry(rules, planned, currentSince);
  const isExpiring = today >= addDays(deadline, -rules.audit.expiringWithinDays);
  const evidence = {
    why: isExpiring ? `expiring on ${deadline}, due since ${dueOn}` : `due since ${dueOn}`,
    deadline: `${deadline}, when the current key expires ${stated ? 'as stated when it was supplied' : 'if it was created as recommended'}`,
    supplied: suppliedOn,
    policy: `every ${rotateEveryDays} days`,
  };
  return need(facts, new Date(dueOn), evidence, isExpiring);
}

function need(
  { planned, state }: OperatorSecret,
  since: Date,
  evidence: Readonly<Record<string, string>> & { readonly why: string },
  isUrgent = false,
): Finding {
  const waiting = unverifiedVersion(state);
  const finding = secretFinding(
    'key-needed',
    { planned },
    {
      since: utcDay(since),
      summary: `An operator must supply a key (${evidence.why}).`,
      evidence: {
        ...evidence,
        ...(waiting && {
          unfinished: `version ${waiting} was supplied and is not verified: the command continues with it`,
        }),
      },
      nextStep: 'Supply the key',
      nextCommand: supplyCommand(planned),
    },
  );
  return isUrgent ? { ...finding, severity: 'critical' } : finding;
}

/** What is read as a message for each key; more of one workspace are one message. */
const MOST_MESSAGES = 5;

/** The messages that ask for keys, each with the findings that it is about. */
export function keyRequests(findings: readonly Finding[], at: Date) {
  return [...groupBy(findings, ({ workspace }) => workspace).values()].flatMap((needed) =>
    needed.length > MOST_MESSAGES
      ? [{ alert: keysNeeded(needed, at), findings: needed }]
      : needed.map((finding) => ({ alert: keyNeeded(finding, at), findings: [finding] })),
  );
}

/** Asks for many keys of a workspace, the most urgent first. */
export function keysNeeded(findings: readonly Finding[], at: Date): Alert {
  const needed = [...findings].sort(bySeverity);
  const [{ workspace, severity } = { workspace: ORGANIZATION, severity: 'warning' as const }] =
    needed;
  const count = countText(needed.length, 'key');
  return {
    type: 'key-needed',
    severity,
    workspace,
    threadId: `keys-${workspace}`,
    at,
    title: `Supply ${count} in workspace ${workspace}`,
    description: `An operator must supply ${count}, since the policy has no Admin API to create keys with (mistral.keySource: operator). Services that read a secret without a key cannot call Mistral, and current keys keep working until they expire.`,
    facts: {},
    sections: [
      {
        heading: 'Keys to supply',
        blocks: needed.map((finding) => ({
          severity: finding.severity,
          title: finding.subject,
          lines: [finding.summary],
          next: { say: 'supply the key', command: finding.nextCommand },
          data: { findings: [finding] },
        })),
      },
    ],
    nextSteps: [
      {
        say: `Run the commands ${WHERE}. Each tells you how to name the key and when it should expire, then asks for it`,
      },
      { say: createStep(workspace) },
      { say: 'List all keys', command: 'npx --no -- mistral-governance keys list' },
    ],
  };
}

/** Asks an operator for a key that nothing of ours can create. */
export function keyNeeded(finding: Finding, at: Date): Alert {
  const { subject, workspace, severity, evidence, nextCommand } = finding;
  const { why = '', team: _, ...facts } = evidence;
  const isFirst = why.startsWith('first key');
  return {
    type: 'key-needed',
    severity,
    workspace,
    threadId: `key-${subject}`,
    at,
    title: `Supply a ${isFirst ? 'key' : 'new key'} for ${subject}`,
    description: isFirst
      ? `The secret ${subject} holds no key, so services that read it cannot call Mistral. The policy has no Admin API to create keys with (mistral.keySource: operator), so an operator must supply one.`
      : `The key in ${subject} is ${why}. It keeps working until it expires. After that, Mistral rejects every service that reads the secret. The new key takes over without an interruption.`,
    facts: { ...facts, why },
    nextSteps: [
      {
        say: `Run this ${WHERE}. It tells you how to name the key and when it should expire, then asks for it`,
        command: nextCommand,
      },
      {
        say: createStep(workspace),
      },
    ],
  };
}

const WHERE =
  'where the policy file is, with --policy, --stack or --environment if you do not use the defaults';

function createStep(workspace: string): string {
  return `Create the key in workspace ${workspace} at ${KEYS_IN_CONSOLE} and paste it where the command asks. Paste it nowhere else, and never pass it as an argument`;
}
