import { countText, numberText } from '../../platform/wording.js';
import type { FindingType } from '../../policy/finding-types.js';
import type { Coverage } from '../coverage.js';
import {
  createJudge,
  notRead,
  share,
  shareOf,
  type Verdict,
  type VerdictFacts,
} from './judge-rule.js';

/** Every rule that an audit can check, whether it was or not: silence is no verdict. */
export function verdictsOf(facts: VerdictFacts): readonly Verdict[] {
  return facts.coverage.source === 'operator'
    ? operatorVerdicts(facts, facts.coverage)
    : adminVerdicts(facts, facts.coverage);
}

function adminVerdicts(
  facts: VerdictFacts,
  coverage: Extract<Coverage, { source: 'admin-api' }>,
): readonly Verdict[] {
  const { rules, inventory, secrets } = facts;
  const { checked, managedKeys, otherKeys, rows, ages } = inventory;
  const { managed, others } = checked;
  const judge = createJudge(facts);
  const keyless = rows.filter(({ secret, keyId }) => secret !== null && keyId === null).length;
  const retiring = rows.filter(({ state }) => state === 'retiring').length;
  const orphans = judge.count(['orphaned']);
  const unread = coverage.allKeys ? undefined : 'Mistral did not list every key';
  const unclear =
    coverage.unclearSecrets.size === 0
      ? undefined
      : `${countText(coverage.unclearSecrets.size, 'secret')} could not be read, or changed meanwhile`;
  const unknownAges = ages
    .filter(({ label }) => label === 'unknown')
    .reduce((sum, { managed, other }) => sum + managed + other, 0);
  const ofKeys = (types: readonly FindingType[], what: string) => {
    const ofManaged = shareOf(managed, types, 'managed key');
    const ofOthers = others.keys === 0 ? '' : ` and ${shareOf(others, types, 'other key')}`;
    return `${ofManaged}${ofOthers} ${what}`;
  };
  const unlisted = coverage.uncheckedWorkspaces;
  return [
    judge.verdict(
      'Each secret holds a key that Mistral lists',
      ['missing'],
      `${share(secrets - keyless, secrets, 'secret')} with such a key`,
      unread ?? unclear,
    ),
    judge.verdict(
      `Keys are at most ${countText(rules.maxAgeDays, 'day')} old`,
      ['over-age'],
      `${ofKeys(['over-age'], 'at most')} ${countText(rules.maxAgeDays, 'day')} old${unknownAges > 0 ? `; the age of ${numberText(unknownAges)} is not known` : ''}`,
      unread,
    ),
    judge.verdict(
      'Keys are in use',
      ['stale', 'never-used'],
      ofKeys(
        ['stale', 'never-used'],
        `used or created in the last ${countText(rules.staleAfterDays, 'day')}`,
      ),
      unread,
    ),
    judge.verdict(
      'Keys expire, and are replaced before',
      ['no-expiry', 'expiring', 'expired'],
      ofKeys(
        ['no-expiry', 'expiring', 'expired'],
        `with an expiry more than ${countText(rules.expiringWithinDays, 'day')} ahead`,
      ),
      unread,
    ),
    judge.verdict(
      'Every key is managed',
      ['unmanaged'],
      `${share(managedKeys, managedKeys + (otherKeys ?? 0), 'key at Mistral', 'keys at Mistral')} managed`,
      unread,
    ),
    judge.verdict(
      'Each managed key is in its workspace',
      ['wrong-workspace'],
      `${share(managed.keys - judge.count(['wrong-workspace']), managed.keys, 'managed key')} in its workspace`,
      unread,
    ),
    judge.verdict(
      'Rotations are on schedule',
      ['rotation-overdue', 'rotation-failed'],
      `${share(secrets - judge.subjects(['rotation-overdue', 'rotation-failed']), secrets, 'secret')} rotated in time`,
      unclear,
    ),
    judge.verdict(
      'Replaced keys are revoked',
      ['orphaned'],
      `${countText(retiring, 'replaced key waits', 'replaced keys wait')} for the end of use; ${countText(orphans, 'key is', 'keys are')} orphaned`,
      unread ?? (coverage.retirements ? unclear : 'running retirements could not be listed'),
    ),
    judge.verdict(
      'Workspaces and limits at Mistral are those of the policy',
      ['policy-drift'],
      countText(judge.count(['policy-drift']), 'difference'),
      notRead({
        workspaces: coverage.workspaces,
        'the rate limit': coverage.rateLimit,
        'the spend limit': coverage.spendLimit,
      }),
    ),
    ...modelVerdicts(facts, coverage.models, coverage.prices),
    judge.verdict(
      'Prices are as Mistral bills them',
      ['price-drift'],
      countText(judge.count(['price-drift']), 'difference'),
      coverage.prices ? undefined : UNREAD_BILL,
    ),
    ...(unlisted === undefined
      ? []
      : [
          judge.verdict(
            "Files in the gateway's workspaces have an owner",
            ['unowned-object'],
            `${countText(judge.count(['unowned-object']), 'workspace')} with others`,
            unlisted.length === 0
              ? undefined
              : `${countText(unlisted.length, 'workspace')} whose gateway was idle, or whose files could not be listed`,
          ),
        ]),
  ];
}

const UNREAD_BILL = "Mistral's usage report could not be read";
const ONLY_CONSOLE = 'without the Admin API, only the Mistral console shows it';

function operatorVerdicts(
  facts: VerdictFacts,
  coverage: Extract<Coverage, { source: 'operator' }>,
): readonly Verdict[] {
  const { rules, inventory, secrets } = facts;
  const { managedKeys, checked } = inventory;
  const judge = createJudge(facts);
  const unclear =
    coverage.unclearSecrets.size === 0
      ? undefined
      : `${countText(coverage.unclearSecrets.size, 'secret')} could not be read`;
  const ofKeys = (types: readonly FindingType[], what: string) =>
    `${shareOf(checked.managed, types, 'supplied key')} ${what}`;
  const unknown = (rule: string): Verdict => ({ rule, outcome: 'not checked', text: ONLY_CONSOLE });
  return [
    judge.verdict(
      'Each secret holds a verified key',
      ['rotation-failed'],
      `${share(managedKeys, secrets, 'secret')} with such a key`,
      unclear,
    ),
    judge.verdict(
      `Keys were supplied at most ${countText(rules.maxAgeDays, 'day')} ago`,
      ['over-age'],
      ofKeys(['over-age'], `supplied in the last ${countText(rules.maxAgeDays, 'day')}`),
      unclear,
    ),
    judge.verdict(
      'Secrets are read',
      ['stale', 'never-used'],
      ofKeys(
        ['stale', 'never-used'],
        `read or supplied in the last ${countText(rules.staleAfterDays, 'day')}; uses of a key are not known`,
      ),
      unclear,
    ),
    judge.verdict(
      'Keys are supplied when they are due',
      ['key-needed', 'rotation-overdue'],
      `${countText(judge.count(['key-needed', 'rotation-overdue']), 'key')} to supply`,
      unclear,
    ),
    ...modelVerdicts(facts, coverage.models),
    unknown('No key is at Mistral but these'),
    unknown('Keys expire as stated when they were supplied'),
    unknown('Workspaces and limits at Mistral are those of the policy'),
    unknown('Prices are as Mistral bills them'),
  ];
}

function modelVerdicts(facts: VerdictFacts, isListed: boolean, hasBill = true): readonly Verdict[] {
  const judge = createJudge(facts);
  const unlisted = isListed ? undefined : 'no models were listed';
  return [
    judge.verdict(
      'Models of the policy are served, and mean what they did',
      ['model-drift'],
      countText(judge.count(['model-drift']), 'change'),
      unlisted,
    ),
    judge.verdict(
      'Every model has a price',
      ['unknown-price'],
      countText(judge.count(['unknown-price']), 'model without one', 'models without one'),
      unlisted ?? (hasBill ? undefined : UNREAD_BILL),
    ),
  ];
}
