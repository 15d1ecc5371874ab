import fc from 'fast-check';
import { gatewayKeyUnusable, gatewayUnauthorized } from '../../gateway/gateway-alerts.js';
import type { Alert, NextStep } from '../../governance/alerts/alert.js';
import { commandAt } from '../../governance/alerts/alert-origin.js';
import { auditAlerts } from '../../governance/audit/audit-digest.js';
import type { Finding } from '../../governance/audit/finding.js';
import { duplicateKeys, missingKey } from '../../governance/audit/key-findings.js';
import { keyNeeded, keysNeeded } from '../../governance/audit/key-needed.js';
import { judgeModels } from '../../governance/audit/model-drift.js';
import { judgeWorkspaces } from '../../governance/audit/policy-drift.js';
import {
  judgePriceDrift,
  judgeUnknownPrices,
  NO_PRICE_FACTS,
} from '../../governance/audit/price-findings.js';
import { NO_UNMANAGED_KEYS, type UnmanagedKeys } from '../../governance/audit/unmanaged-keys.js';
import { approvalNeeded, keyInUse } from '../../governance/keys/alerts/in-use-alerts.js';
import { notRefreshed } from '../../governance/keys/alerts/refresh-alert.js';
import {
  bothKeysRejected,
  keyKept,
  keyRevoked,
  retirementFailed,
  rolledBack,
} from '../../governance/keys/alerts/retirement-end.js';
import {
  firstKeyRejected,
  rotationFailed,
  rotationSucceeded,
} from '../../governance/keys/alerts/rotation-alerts.js';
import {
  currentKeyRejected,
  deletionNeeded,
  deletionNotVerified,
  keyDeleted,
} from '../../governance/keys/operator/deletion-alerts.js';
import { releaseAnyCommand, rotateCommand } from '../../governance/keys/rotate-command.js';
import type { ListedKey, MistralModel } from '../../governance/mistral/mistral.js';
import { fraction } from '../../governance/platform/fraction.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import {
  budgetExhausted,
  requestRefused,
  spendForecast,
  spendThreshold,
} from '../../governance/spend/alerts/budget-alerts.js';
import { currencyChanged } from '../../governance/spend/alerts/currency-alert.js';
import { jobUnsettled, type UnsettledJob } from '../../governance/spend/alerts/job-unsettled.js';
import { overflowLent } from '../../governance/spend/alerts/overflow-alerts.js';
import {
  reconciliationDrift,
  spendRowsUnreadable,
  spendUnpriced,
  spendUnreadable,
} from '../../governance/spend/alerts/reconciliation-alerts.js';
import { THERE } from './alert-place.js';
import {
  aFinding,
  aListedKey,
  aManagedSecret,
  audited,
  auditOf,
  CURRENT,
  DEV,
  dayAgo,
  daysAgo,
  NO_CHANGES,
  NOW,
} from './audit-builders.js';
import { aManagedKey, aPolicy, aRemoval, aRetirement } from './builders.js';

/** Each does something where a medium does not quote it; `PWNED` is what a shell would leave behind. */
export const HOSTILE_NAMES = [
  '$(touch PWNED)',
  '`touch PWNED`',
  '; touch PWNED;',
  "'; touch PWNED; '",
  '"; touch PWNED; "',
  "\\'; touch PWNED #",
  'a\ntouch PWNED\n',
  'a\r\n\r\nWhat to do\r\n\r\n1. Paste this:\r\n\r\n   touch PWNED',
  '| touch PWNED',
  '&& touch PWNED',
  '> PWNED',
  '$HOME/*?[a-z]{a,b}~',
  '~root',
  '=ls',
  '!!; !1; !touch',
  "$'\\x27; touch PWNED'",
  '--endpoint-url=http://evil.example',
  '-x',
  '#a comment',
  'a\\',
  '\u0000nul',
  '\ud800 half a character',
  'tabs\tand\u000bothers',
  'ünï çødé 東京 🎉',
  '[sign in](https://evil.example/login)',
  '![x](https://evil.example/pixel)',
  '[ref]: https://evil.example',
  '<https://evil.example|the console>',
  '<!channel> <!here> <@U012AB3CD> <at>all</at>',
  '@channel @here @everyone',
  'https://console.mistral.ai@evil.example and www.evil.example',
  'https://console.mistral.ai.evil.example/api-keys',
  'javascript://evil.example/%0aalert(1)',
  '*bold* _italic_ ~gone~ `code` **all**',
  '# A heading',
  '\u001b[2J\u001b[31mred\u001b]0;title\u0007\u001b]8;;https://evil.example\u001b\\link',
  '\u009b31m\u0085\u008d',
  'annex\u202etxt.exe\u2066\u2069\u200f',
  'zero\u200bwidth\ufeff\u00ad\u{e0041}\u2028\u2029\u3164',
  '=HYPERLINK("https://evil.example","x")',
  '+1',
  "-1+cmd|' /C calc'!A0",
  '@SUM(1)',
  '\t=1',
  '＝1',
  '"quoted", and; more',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '__proto__',
  '../../../evidence/../other',
  ' ',
  '',
] as const;

const SPECIAL = [...'$`;\'"\\|&<>!#*?[]{}()~=+-@%^,:/._ \t\n\r\0a1Zé\u202e\u200b\u001b\u2028🎉'];

/** Any of the above, what mixes them, and any text at all. */
export const hostileName = fc.oneof(
  fc.constantFrom(...HOSTILE_NAMES),
  fc.string({ unit: fc.constantFrom(...SPECIAL), minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(...HOSTILE_NAMES), fc.constantFrom(...HOSTILE_NAMES))
    .map((names) => names.join('').slice(0, 60)),
);

const SHIPPED = aPolicy();
const ISO = '2026-04-03T01:00:00.000Z';

/** Every alert there is, with a name wherever others choose one. By the function that makes it. */
export function alertsWith(name: string): ReadonlyMap<string, readonly Alert[]> {
  const chosen = {
    secretId: name,
    secretName: name,
    workspace: name,
    oldKeyId: name,
    oldVersionId: name,
  };
  const retirement = aRetirement({ ...chosen, newKeyId: name, newVersionId: name });
  const ofFlow = { at: NOW, executionArn: `arn:${name}`, stateMachineArn: `arn:${name}` };
  const context = { ...ofFlow, retirement };
  const removed = { ...ofFlow, retirement: aRemoval(chosen) };
  const leaked = { ...ofFlow, retirement: { ...retirement, why: 'compromised' as const } };
  const inUse = { verdict: { lastUsedOn: '2026-04-02', checkAt: ISO } };
  const unfinished = name;
  const rejected = { reason: name, rejectedSince: ISO, checkAt: ISO, unfinished };
  const again = { checkAt: ISO, currentVersion: name };
  const planned = aPlannedKey();
  const secret = aManagedSecret(name, { arn: name });
  const rotation = { secret, planned, versionId: name };
  const newKey = { ...aManagedKey('new'), keyId: name, workspace: name };
  const drift = { workspace: name, period: '2026-04-02', currency: 'USD', at: NOW } as const;
  const usage = { category: name, billingMetric: name, billingGroup: name };
  const ofMonth = { workspace: name, month: '2026-04', at: NOW };
  const needed = aFinding({ type: 'key-needed', subject: name, workspace: name });
  return new Map<string, readonly Alert[]>([
    ['keyInUse', [keyInUse({ ...context, ...inUse }), keyInUse({ ...removed, ...inUse })]],
    [
      'notRefreshed',
      [
        notRefreshed({
          ...context,
          consumers: [
            { ecs: { cluster: name, service: name } },
            { lambda: { function: name }, assumeRole: name },
          ],
          refresh: { consumers: [{ name, kind: 'failed', reason: name }] },
        }),
      ],
    ],
    ['approvalNeeded', [approvalNeeded({ ...context, ...inUse })]],
    ['keyRevoked', [keyRevoked({ ...removed, confirmation: { rejected: true } })]],
    [
      'rolledBack',
      [
        rolledBack({
          ...context,
          newKeyId: name,
          verdict: rejected,
          rollBack: { newKey: 'left', unfinished },
        }),
      ],
    ],
    ['bothKeysRejected', [bothKeysRejected({ ...context, newKeyId: name, verdict: rejected })]],
    [
      'keyKept',
      [
        keyKept({ ...context, verdict: { unfinished } }),
        keyKept({ ...context, verdict: { heldBy: name } }),
        keyKept({ ...context, verdict: { heldBy: `other ${name}` } }),
        keyKept({ ...removed, verdict: {} }),
      ],
    ],
    ['retirementFailed', [retirementFailed({ ...context, error: { Error: name } })]],
    [
      'rotationSucceeded',
      [rotationSucceeded({ policy: SHIPPED, rotation, newKey, retirement, at: NOW })],
    ],
    ['rotationFailed', [rotationFailed(rotation, name, NOW)]],
    ['firstKeyRejected', [firstKeyRejected(rotation, name, NOW)]],
    [
      'deletionNeeded',
      [
        deletionNeeded({ ...leaked, verdict: { ...again, oldKey: 'accepted' } }),
        deletionNeeded({ ...removed, verdict: { ...again, oldKey: 'rejected' } }),
      ],
    ],
    ['keyDeleted', [keyDeleted({ ...removed, verdict: { witness: name } })]],
    ['deletionNotVerified', [deletionNotVerified({ ...context, verdict: { oldKey: 'rejected' } })]],
    [
      'currentKeyRejected',
      [currentKeyRejected({ ...context, verdict: { ...again, oldKey: 'accepted' } })],
    ],
    ['keysNeeded', [keysNeeded([needed, { ...needed, id: 'another' }], NOW)]],
    ['keyNeeded', [keyNeeded({ ...needed, evidence: { why: name, [name]: name } }, NOW)]],
    ['auditAlerts', digestsWith(name)],
    ['spendThreshold', [spendThreshold(aBudget(name), 80)]],
    ['budgetExhausted', [budgetExhausted(aBudget(name))]],
    ['requestRefused', [requestRefused({ ...aBudget(name), refusedNanos: 30e9 })]],
    ['spendForecast', [spendForecast(aBudget(name), NOW)]],
    ['reconciliationDrift', [reconciliationDrift({ ...drift, meteredNanos: 1, billedNanos: 9e9 })]],
    ['spendUnpriced', [spendUnpriced({ ...ofMonth, usage: [{ ...usage, value: 1 }] })]],
    [
      'spendRowsUnreadable',
      [spendRowsUnreadable({ ...ofMonth, usage: [{ ...usage, given: name }] })],
    ],
    [
      'spendUnreadable',
      [
        spendUnreadable({
          reasons: new Map([[name, name]]),
          since: NOW,
          functionName: name,
          at: NOW,
        }),
      ],
    ],
    [
      'currencyChanged',
      [
        currencyChanged({
          workspaces: [name, `other ${name}`],
          from: 'USD',
          to: 'EUR',
          resetsAt: NOW,
          at: NOW,
        }),
      ],
    ],
    ['jobUnsettled', [jobUnsettled(anUnsettledJob(name))]],
    ['overflowLent', [overflowLent(aLoan(name)), overflowLent(aLoan(name), 80)]],
    ['gatewayUnauthorized', [gatewayUnauthorized(name, 'admin-api', NOW)]],
    ['gatewayKeyUnusable', [gatewayKeyUnusable(name, 'operator', NOW)]],
  ]);
}

function aPlannedKey() {
  const [planned] = plannedKeys(SHIPPED);
  if (!planned) throw new Error('the shipped policy has no key');
  return planned;
}

function anUnsettledJob(name: string): UnsettledJob {
  const none = { cost: 0, tokens: 0 };
  const counts = { promptTokens: 0, completionTokens: 0, pages: 0, annotatedPages: 0 };
  return {
    record: {
      ...{ id: name, workspace: name, workspaceId: name, owner: name, role: name, jobId: name },
      ...{ endpoint: name, modelId: name, state: 'running', isShared: false, lines: 1 },
      ...{ createdAtMs: NOW.getTime(), timeoutHours: 24, untilMs: NOW.getTime(), places: [] },
      bounds: { ...none, ofLine: none, most: { ...counts, audioSeconds: 0, characters: 0 } },
      rates: {} as UnsettledJob['record']['rates'],
    },
    ...{ currency: 'USD', reason: name, givenUpAt: NOW, at: NOW },
  };
}

function aLoan(name: string) {
  return {
    workspace: name,
    borrowers: [name, `other ${name}`],
    currency: 'USD',
    lentNanos: 9e9,
    limitNanos: 10e9,
    day: '2026-06-30',
    resetsAt: new Date('2026-07-01T00:00:00Z'),
    at: NOW,
  } as const;
}

function aBudget(name: string) {
  return {
    workspace: name,
    window: 'month',
    windowName: '2026-06',
    resetsAt: new Date('2026-07-01T00:00:00Z'),
    currency: 'USD',
    limitNanos: 500e9,
    spentNanos: 412e9,
    meteredNanos: 412e9,
    billedNanos: 412e9,
    byModel: [{ model: name, nanos: 1e9 }],
    quotaTableName: name,
    at: NOW,
  } as const;
}

/** What an attacker names a key, and all else about it. */
export function keysWith(name: string): ListedKey[] {
  const chosen = { id: `k${name}`, name, workspaceName: name, createdBy: name };
  return [
    aListedKey({ ...chosen, workspaceId: name }),
    aListedKey({ ...chosen, id: `a${name}`, name: '' }),
    aListedKey({ ...chosen, id: `b${name}`, createdAt: daysAgo(400), lastUsedOn: dayAgo(60) }),
    aListedKey({ ...chosen, id: `c${name}`, expiresOn: undefined }),
    aListedKey({ ...chosen, id: `d${name}`, name: `dev-team-key-20260101-aaaaaaa1` }),
  ];
}

/** Every kind of finding that has a text of Mistral's in it. */
export function findingsWith(name: string): Finding[] {
  const planned = aPlannedKey();
  const key = aListedKey({ id: name, name, workspaceName: name });
  const listed = [{ key }, { key }] as never;
  const version = {
    planned,
    secret: aManagedSecret(DEV),
    versionId: CURRENT,
    keys: { listed, count: 2 },
  } as never;
  const id = name === '' || name in {} ? 'm' : name; // no policy and no list has such a model
  const [first, ...others] = SHIPPED.workspaces;
  const workspaces = first ? [{ ...first, models: [id] }, ...others] : [];
  const policy: Policy = { ...SHIPPED, workspaces };
  const model: MistralModel = {
    id,
    aliases: [],
    contextTokens: undefined,
    deprecatedAt: NOW,
    replacement: name,
  };
  const billed = new Map([[id, { inputToken: fraction(2000n) }]]);
  const models = { [id]: { inputPerMillionTokens: 1 } };
  const priced: Policy = { ...policy, prices: { ...policy.prices, models } };
  return [
    ...auditOf(keysWith(name)),
    duplicateKeys(version, NOW),
    missingKey(version, NOW),
    ...judgeWorkspaces(
      policy,
      workspaces.map((workspace) => ({ id: workspace.id, name })),
      NOW,
    ),
    ...judgeModels(policy, [model], { [id]: `old ${name}` }, NOW).findings,
    ...judgeUnknownPrices(policy, [model], { ...NO_PRICE_FACTS, prices: billed }, NOW),
    ...judgePriceDrift(priced, { prices: billed }, NOW),
  ];
}

function digestsWith(name: string): readonly Alert[] {
  const report = 's3://evidence/report.html';
  const problems = [`not read: ${name}`];
  const digestOf = (findings: readonly Finding[], unmanaged: UnmanagedKeys) => {
    const opened = findings.map((finding) => {
      return { finding, openedOn: dayAgo(0), lastNotifiedOn: dayAgo(0) };
    });
    const changes = { ...NO_CHANGES, opened, resolved: opened.slice(0, 2) };
    return auditAlerts({ changes, unmanaged, at: NOW, report, problems }).alerts;
  };
  const many = audited(
    Array.from({ length: 30 }, (_, i) =>
      aListedKey({ id: `k${i}`, name, workspaceId: `w${i}`, workspaceName: name, createdBy: name }),
    ),
  );
  const found = many.findings({ complete: true, changing: new Set() });
  return [...digestOf(findingsWith(name), NO_UNMANAGED_KEYS), ...digestOf(found, many.unmanaged)];
}

/** All commands that alerts of one of several environments ask on-call to paste. */
export function commandsWith(name: string): string[] {
  return plainCommandsWith(name).map((command) => commandAt(command, THERE.origin));
}

function plainCommandsWith(name: string): string[] {
  const alerts = [...alertsWith(name).values()].flat();
  const steps: NextStep[] = alerts.flatMap(({ nextSteps, sections = [] }) => [
    ...nextSteps,
    ...sections.flatMap(({ blocks }) => blocks.flatMap(({ next }) => next ?? [])),
  ]);
  const found = findingsWith(name).map(({ nextCommand }) => nextCommand);
  const own = [rotateCommand(name, name), releaseAnyCommand(name)];
  return [...steps.flatMap(({ command }) => command ?? []), ...found, ...own].filter((command) =>
    /^(aws|npx|mistral-governance) /.test(command),
  );
}
