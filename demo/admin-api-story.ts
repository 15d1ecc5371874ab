import { ApiKey } from '../governance/mistral/api-key.js';
import { GATEWAY_KEY_NAME, plannedKeys } from '../governance/policy/planned-keys.js';
import { createKeyCopy } from '../testing/service.js';
import { alertsOf, outcomesOf, type RotationOutcome, type RunDocument } from './document.js';
import { createGatewayCallers } from './gateway-callers.js';
import { currentKeyId, DAYS, type Diary } from './stage.js';
import type { Claim, Story } from './story.js';

/** The story's days begin at 09:00 UTC. */
const UNTIL_MIDNIGHT = 15;
/** About one key that is forgotten on the second day. */
const MOST_MAILS = 15;

/** The keys of the story; each takes another course. */
const CAST = {
  cleanly: 'mistral/dev-workspace/dev-team-key',
  stillInUse: 'mistral/ml-workspace/ml-team-key',
  neverValid: 'mistral/prod-workspace/checkout-service-key',
  goesBad: 'mistral/prod-workspace/search-service-key',
  /** Created in Mistral's console, and used for ten days. */
  forgotten: 'old-notebook',
  /** Created in Mistral's console, and never used. */
  neverUsed: 'hackathon',
} as const;

const ROTATION_DAY = '20261113'; // 90 days after the start

/** Keys of the shipped policy, with the Admin API. */
export const ADMIN_API_STORY: Story = {
  lacks(policy) {
    const planned = plannedKeys(policy).map(({ secretName }) => secretName);
    const { cleanly, stillInUse, neverValid, goesBad } = CAST;
    const needed = [cleanly, stillInUse, neverValid, goesBad, 'mistral/prod-workspace/gateway'];
    const missing = needed.filter((secretName) => !planned.includes(secretName));
    if (missing.length === 0) return undefined;
    return `is not the policy as shipped: the story of the hundred days needs ${missing.join(', ')}. Keep a copy of the shipped policy and name it with --policy.`;
  },

  /** The first replacement of one key. */
  neverWorks: (name) => name.startsWith(`${CAST.neverValid.split('/').at(-1)}-${ROTATION_DAY}`),

  async play(stage) {
    const { world, diary, at, daily, announce, checkSpend } = stage;
    const { clock, policy, mistral } = world;
    const callers = createGatewayCallers(stage);
    let hasOverflowed = false;

    function copyOf(keyId: string): ApiKey {
      return new ApiKey(mistral.keys.made.find(({ id }) => id === keyId)?.plaintext ?? '');
    }

    function createByHand(name: string): string {
      const [{ id: workspaceId = '', ownerUserId: userId = '' } = {}] = policy.workspaces;
      announce(`A developer creates the key "${name}" in Mistral's console`);
      return mistral.keys.create({ name, workspaceId, userId }).id;
    }

    await world.provision();
    await clock.playUntil(clock.now());
    stage.auditNightly();
    for (const { secretName, key } of plannedKeys(policy)) {
      // The gateway uses its own keys itself.
      if (key.name !== GATEWAY_KEY_NAME) stage.runService(secretName, 1);
    }
    daily(3, callers.workday, { every: 3 });
    at(30, 5, callers.mistakes);
    at(40, 5, callers.busyDay);
    at(50, 5, async () => {
      hasOverflowed = await callers.throttledProduction();
    });

    // The monitor sees every day begin, and after two weeks knows the batch well enough to forecast.
    daily(UNTIL_MIDNIGHT, checkSpend, { from: 66 });
    at(69, 0, async () => announce('Developers start a nightly batch'));
    daily(UNTIL_MIDNIGHT + 2, callers.nightlyBatch, { from: 69, to: 92 });

    at(1, 0, async () => {
      const notebook = createKeyCopy(world.url, copyOf(createByHand(CAST.forgotten)));
      daily(2, notebook.work, { from: 1, to: 11 });
    });
    at(5, 0, async () => void createByHand(CAST.neverUsed));
    at(60, 0, async () => {
      const unused = mistral.keys.all().find(({ name }) => name === CAST.neverUsed);
      announce(`Its owner deletes the key "${CAST.neverUsed}"`);
      mistral.keys.delete(unused?.id ?? '');
    });
    at(80, 0, async () => {
      announce(`A notebook copies the key of ${CAST.stillInUse}`);
      const notebook = createKeyCopy(world.url, copyOf(currentKeyId(world, CAST.stillInUse)));
      daily(3, notebook.work, { from: 80, to: 95 });
    });
    at(95, 4, async () => announce(`The notebook reads the secret ${CAST.stillInUse} from now on`));
    at(90, 7, async () => {
      announce(`Mistral begins to reject the new key of ${CAST.goesBad}`);
      mistral.keys.breakKey(currentKeyId(world, CAST.goesBad));
    });
    at(93, 0, async () => {
      announce(`On-call rotates ${CAST.goesBad} again, as the alert says`);
      world.requestRotation(CAST.goesBad);
    });
    await stage.playToEnd();
    const evidence = await stage.verifyEvidence();
    const keys = plannedKeys(policy).length;
    return (document) => [
      ...keyClaims(document, diary, keys),
      ...spendClaims(document, diary),
      [
        `the evidence of ${evidence.manifests} nights is complete and unchanged`,
        evidence.manifests === diary.audits.length &&
          evidence.problems.length + evidence.notes.length === 0,
      ],
      ['another workspace answered the request that Mistral throttled', hasOverflowed],
    ];
  },
};

function firstAlerts({ alerts }: RunDocument, secretName: string): number {
  return alerts.filter(({ subject }) => subject.includes(`First key of ${secretName} is`)).length;
}

function keyClaims(document: RunDocument, diary: Diary, plannedCount: number): readonly Claim[] {
  const { keys, findings, rotations } = document;
  const { cleanly, stillInUse, neverValid, goesBad, forgotten, neverUsed } = CAST;
  const wasRotated = (secret: string, ...outcomes: RotationOutcome[]) =>
    outcomesOf(document, secret).join() === ['provisioned', ...outcomes].join();
  const wasSent = (type: string, secret: string) => alertsOf(document, type, secret).length > 0;
  const isFound = (type: string, subject: string, status: 'open' | 'resolved' = 'open') =>
    findings.some((one) => one.type === type && one.subject === subject && one.status === status);
  const mails = mailsOf(document);
  return [
    [
      'the deploy provisioned every key of the policy',
      rotations.filter(({ outcome }) => outcome === 'provisioned').length === plannedCount,
    ],
    [
      'each first key was announced, once',
      rotations
        .filter(({ outcome }) => outcome === 'provisioned')
        .every(({ secret }) => firstAlerts(document, secret) === 1),
    ],
    [
      `${cleanly} was rotated after 90 days, and its replaced key revoked`,
      wasRotated(cleanly, 'replaced key revoked') && wasSent('key-revoked', cleanly),
    ],
    [
      `the replaced key of ${stillInUse} was kept until its last use`,
      wasRotated(stillInUse, 'replaced key revoked') && wasSent('key-in-use', stillInUse),
    ],
    [
      `a new key of ${neverValid} never worked and was withdrawn; the next one works`,
      wasRotated(neverValid, 'new key withdrawn', 'replaced key revoked') &&
        wasSent('rotation-failed', neverValid),
    ],
    [
      `${goesBad} was rolled back when Mistral rejected its new key; the next one works`,
      wasRotated(goesBad, 'rolled back', 'replaced key revoked') && wasSent('rolled-back', goesBad),
    ],
    [
      `Mistral rejected the key of no service, except of ${goesBad}`,
      diary.rejected.size === 1 && diary.rejected.has(goesBad),
    ],
    [
      `the audit found "${forgotten}" unmanaged, and stale`,
      isFound('stale', forgotten) && isFound('unmanaged', forgotten),
    ],
    [
      `the audit found "${neverUsed}" never used, and resolved that when it was deleted`,
      isFound('never-used', neverUsed, 'resolved'),
    ],
    [
      `"${forgotten}" is in ${mails.length} mails of ${DAYS} days, fewer and fewer: at most 15`,
      mails.length > 5 && mails.length <= MOST_MAILS,
    ],
    [
      'the audit ran every night, complete and with its report',
      diary.audits.every(({ problems, evidence }) => problems.length === 0 && evidence !== null) &&
        diary.audits.length >= 99,
    ],
    [
      'every secret has one current key that works, and no replaced key is left',
      keys.filter(({ status }) => status === 'current').length === plannedCount &&
        keys.every(({ status }) => status !== 'draining'),
    ],
  ];
}

/** Those that name the forgotten key, whatever they are about. */
export function mailsOf({ alerts }: Pick<RunDocument, 'alerts'>): RunDocument['alerts'] {
  return alerts.filter(({ bodies }) => bodies.email?.includes(CAST.forgotten));
}

const REFUSALS = [
  'unknown_caller',
  'model_not_allowed',
  'max_tokens_exceeded',
  'max_tokens_invalid',
  'endpoint_not_allowed',
  'tokens_exhausted',
  'rate_limited',
  'budget_exhausted',
];

function spendClaims(document: RunDocument, { answered, refused }: Diary): readonly Claim[] {
  const { metered, budget } =
    document.spend.find(
      ({ workspace, window, percent }) =>
        workspace === 'dev-workspace' && window === 'month' && (percent ?? 0) > 90,
    ) ?? {};
  return [
    [
      'the gateway answered callers of every role, and rejected requests for every reason it has',
      answered > 200 && REFUSALS.every((code) => refused.has(code)),
    ],
    [
      'developers could spend at least 99 % of their monthly budget, and no more than all of it',
      metered != null && budget != null && metered <= budget && metered >= 0.99 * budget,
    ],
    [
      'on-call was notified at 50, 80 and 95 %, by a forecast, and of the exhausted budget',
      alertsOf(document, 'spend-threshold').length >= 3 &&
        alertsOf(document, 'budget-exhausted').length > 0 &&
        alertsOf(document, 'spend-forecast').length > 0,
    ],
  ];
}
