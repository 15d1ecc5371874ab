import { type Change, type Effect, SECTIONS } from '../../governance/changes/change.js';
import type { MonthlyTotal } from '../../governance/changes/limit-changes.js';
import { inWords, type Phrase, plainText } from '../../governance/changes/phrase.js';
import type { PolicyChanges } from '../../governance/changes/policy-changes.js';
import { markdownCode, oneLine } from '../../governance/platform/quoting.js';
import { countText, moneyText, shortened } from '../../governance/platform/wording.js';
import { centsText } from '../costs/costs.js';
import { headingText, type Style, type Tone, verdictLine } from '../terminal/style.js';

/** Two policies, by their names in messages, and how they differ. */
export interface Compared {
  readonly old: string;
  readonly now: string;
  readonly changes: PolicyChanges;
  /** What each costs a month at AWS. */
  readonly cents: { readonly before: number; readonly after: number };
}

const TITLES = {
  access: 'Access',
  limits: 'Budgets and limits',
  keys: 'Keys',
  settings: 'Settings',
} as const;

const STRONGEST_FIRST: readonly Effect[] = ['widens', 'narrows', 'neither'];
const SIGNS: Readonly<Record<Effect, readonly [string, Tone]>> = {
  widens: ['+', 'warn'],
  narrows: ['-', 'good'],
  neither: ['·', 'faint'],
};

/** For a terminal. */
export function changesText(compared: Compared, style: Style): string {
  const { changes } = compared;
  const line = ({ effect, subject, what }: Change) => {
    const [sign, tone] = SIGNS[effect];
    return `${style.paint(sign, tone)} ${oneLine(`${plainText(subject)}: ${plainText(what)}`)}\n`;
  };
  const sections = bySection(changes.changes).map(
    ([title, listed]) => headingText(title.toLowerCase(), style) + listed.map(line).join(''),
  );
  const steps = changes.deploy.map((step) => `  ${oneLine(plainText(step))}\n`);
  return [
    verdictLine(changes.effect !== 'widens', plainText(verdictOf(compared)), style),
    ...(changes.changes.length > 0 ? [`  ${totalsText(compared)}\n`] : []),
    ...sections,
    ...(steps.length > 0 ? [headingText('a deploy', style), ...steps] : []),
  ].join('');
}

/** By it, a workflow finds the comment that it wrote before. */
export const COMMENT_MARK = '<!-- mistral-governance policy diff -->';

/** GitHub takes 65,536 characters in a comment. */
const MOST_CHARACTERS = 60_000;
const LONGEST_NAME = 200;

/** For a comment on a pull request; of what does not fit it has the number. */
export function changesMarkdown(compared: Compared): string {
  const { changes } = compared;
  const shown = (text: Phrase) =>
    inWords(text, (name) => markdownCode(shortened(name, LONGEST_NAME)));
  const lines: string[] = [COMMENT_MARK, `### ${shown(verdictOf(compared))}`];
  if (changes.changes.length > 0) lines.push('', totalsText(compared));
  let left = MOST_CHARACTERS - lines.join('\n').length;

  function list(title: string, items: readonly string[]): void {
    lines.push('', `#### ${title}`, '');
    for (const [at, item] of items.entries()) {
      if (left < item.length) {
        lines.push(`- and ${items.length - at} more, which \`--json\` lists`);
        break;
      }
      left -= item.length + 1;
      lines.push(item);
    }
  }

  for (const [title, listed] of bySection(changes.changes)) {
    list(
      title,
      listed.map(({ effect, subject, what }) => {
        const sign = effect === 'neither' ? '' : `**${effect}** `;
        return `- ${sign}${shown(subject)}: ${shown(what)}`;
      }),
    );
  }
  if (changes.deploy.length > 0) {
    list(
      'A deploy',
      changes.deploy.map((step) => `- ${shown(step)}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

function bySection(changes: readonly Change[]): (readonly [string, readonly Change[]])[] {
  return SECTIONS.map((section) => {
    const listed = changes.filter((change) => change.section === section);
    return [TITLES[section], STRONGEST_FIRST.flatMap((effect) => of(listed, effect))] as const;
  }).filter(([, listed]) => listed.length > 0);
}

function of(changes: readonly Change[], effect: Effect): Change[] {
  return changes.filter((change) => change.effect === effect);
}

function verdictOf({ old, now, changes: { changes, effect } }: Compared): Phrase {
  const names: readonly Phrase[] = [[{ name: now }], [' says the same as '], [{ name: old }]];
  if (changes.length === 0) return names.flat();
  const verb = effect === 'widens' ? 'widens' : effect === 'narrows' ? 'narrows' : 'changes no';
  return [{ name: now }, ` ${verb} access or budgets, compared with `, { name: old }];
}

function totalsText({ changes: { changes, monthly }, cents }: Compared): string {
  const [widen = 0, narrow = 0] = STRONGEST_FIRST.map((effect) => of(changes, effect).length);
  const count = `${widen} of ${countText(changes.length, 'change')} ${widen === 1 ? 'widens' : 'widen'} access or budgets, ${narrow} ${narrow === 1 ? 'narrows' : 'narrow'} them`;
  const [was, is] = [monthly.before, monthly.after].map(totalText);
  const budgets =
    was === is ? `monthly budgets stay ${is}` : `monthly budgets are ${is} instead of ${was}`;
  const more = cents.after - cents.before;
  const sign = more > 0 ? '+' : '-';
  const costs = more === 0 ? '' : `; AWS costs ${sign}${centsText(Math.abs(more))} USD a month`;
  return `${count}; ${budgets}${costs}`;
}

function totalText({ nanos, currency, unlimited }: MonthlyTotal): string {
  const without = unlimited > 0 ? ` and ${countText(unlimited, 'workspace')} without one` : '';
  return moneyText(nanos, currency) + without;
}
