import { readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { groupBy } from '../../governance/platform/group-by.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { addDays, utcDay } from '../../governance/platform/utc-day.js';
import { countText, listText } from '../../governance/platform/wording.js';
import { policySource } from '../../governance/policy/load-policy.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { requireYes } from '../confirmation.js';
import { EXIT, wrongInput } from '../failure.js';
import { day } from '../option-values.js';
import { checkedPolicy, openPolicy } from '../policy-file.js';
import { notesText, type Style, verdictLine } from '../terminal/style.js';
import {
  type Acceptable,
  type AcceptFilter,
  acceptable,
  type Candidate,
  type Found,
  noteOf,
} from './acceptable.js';
import { entriesText, type NewEntry, withAccepted } from './policy-edit.js';

export interface AcceptOptions extends CommonOptions, AcceptFilter {
  readonly reason?: string;
  readonly until?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

const SUGGESTED_DAYS = 90;
const EXAMPLES = 3;

/** Before anything runs. @throws CommandFailure where the end would be that something is missing */
export function checkAcceptOptions({ prompts, now }: Cli, options: AcceptOptions): void {
  openPolicy(options.policy);
  const problem = options.until === undefined ? undefined : dayProblem(options.until, now());
  if (problem) throw wrongInput(`--until: ${problem}`);
  if (options.reason?.trim() === '') throw wrongInput(`--reason: ${NO_REASON}`);
  const isGiven = options.reason !== undefined && options.until !== undefined;
  if (options.dryRun || isGiven || canAsk(options, prompts)) return;
  throw wrongInput(
    'entries need a reason and a last day: add --reason "…" and --until <day>, for example --until 2027-03-31',
  );
}

/** Writes entries for what was found into the policy file, once the user agrees. */
export async function accept(cli: Cli, options: AcceptOptions, found: Found): Promise<Answer> {
  const { policy } = options;
  const source = readFileSync(policy, 'utf8');
  const { audit } = openPolicy(policy);
  const choice = acceptable(found, audit, options, cli.now());
  const { candidates } = choice;
  if (candidates.length === 0) return answerOf(policy, choice, [], { written: false });
  if (options.dryRun) {
    const { reason = '(the reason)', until = '(the last day, such as 2027-03-31)' } = options;
    return answerOf(policy, choice, entriesOf(candidates, { reason, until }), { written: false });
  }
  if (!options.yes && canAsk(options, cli.prompts)) {
    cli.progress.line(choiceText(choice).join('\n'));
  }
  const entries = entriesOf(candidates, await askFor(cli, options));
  const edited = withAccepted(source, entries);
  checkedPolicy(policySource(Buffer.from(edited), policy));
  const what = countText(candidates.length, 'finding');
  await requireYes(
    options.json ? { ...cli, prompts: { ...cli.prompts, canAsk: false } } : cli,
    options.yes,
    {
      would: `accept ${what} in ${policy}`,
      warning: `This adds ${countText(entries.length, 'entry', 'entries')} to audit.accepted in ${policy}. On-call is not notified of ${what} until ${entries[0]?.until}, once you deploy it.`,
      question: `Accept ${what}?`,
      declined: 'nothing was accepted',
    },
  );
  writePolicy(policy, source, edited);
  return answerOf(policy, choice, entries, { written: true });
}

/** With `--json` no question is asked. */
function canAsk({ json }: AcceptOptions, prompts: Cli['prompts']): boolean {
  return prompts.canAsk && !json;
}

async function askFor({ prompts, now }: Cli, { reason, until }: AcceptOptions) {
  return {
    reason: oneLine(
      reason ??
        (await prompts.readLine('Why do they stay as they are?', (text) =>
          text === '' ? NO_REASON : undefined,
        )),
    ).trim(),
    until:
      until ??
      (await prompts.readLine(
        'Until which day (UTC, the last one)?',
        (text) => dayProblem(text, now()),
        addDays(utcDay(now()), SUGGESTED_DAYS),
      )),
  };
}

const NO_REASON = 'must say why the findings are accepted';

function dayProblem(text: string, now: Date): string | undefined {
  try {
    if (day(text) >= utcDay(now)) return undefined;
    return `${text} is over: must be today or later`;
  } catch {
    return 'must be a day such as 2027-03-31';
  }
}

/** One for each type. */
function entriesOf(
  candidates: readonly Candidate[],
  { reason, until }: { readonly reason: string; readonly until: string },
): readonly NewEntry[] {
  return [...groupBy(candidates, ({ type }) => type)].map(([type, some]) => {
    const sorted = [...some].sort(
      (one, other) =>
        one.workspace.localeCompare(other.workspace) || one.name.localeCompare(other.name),
    );
    const subjects = new Map(sorted.map((one) => [one.subject, noteOf(one)]));
    return {
      type,
      reason,
      until,
      subjects: [...subjects].map(([subject, note]) => ({ subject, note })),
    };
  });
}

/** Replaced in one step, so that no reader finds half of it. @throws CommandFailure where it was changed meanwhile */
function writePolicy(path: string, source: string, edited: string): void {
  const file = realpathSync(path);
  if (readFileSync(file, 'utf8') !== source) {
    throw wrongInput(`${path} was changed meanwhile: nothing was written; run it again`);
  }
  const draft = join(dirname(file), `.${crypto.randomUUID()}.yaml`);
  writeFileSync(draft, edited, { mode: statSync(file).mode });
  renameSync(draft, file);
}

function choiceText({ candidates, never, unlisted }: Acceptable): readonly string[] {
  return [
    ...[...groupBy(candidates, ({ type }) => type)].map(([type, some]) => {
      const names = some.map(({ name, workspace }) => `${name} (${workspace})`);
      return `${type}: ${countText(some.length, 'finding')}, ${listText(names, EXAMPLES)}`;
    }),
    ...neverText(never, unlisted),
  ];
}

function neverText(never: number, unlisted: number): readonly string[] {
  const are = (count: number) => (count === 1 ? 'is' : 'are');
  return [
    ...(never > 0
      ? [
          `${countText(never, 'finding')} ${are(never)} never accepted: critical, or of a type such as orphaned`,
        ]
      : []),
    ...(unlisted > 0
      ? [
          `${countText(unlisted, 'more finding')} ${are(unlisted)} not listed by name: add a pattern by hand, or run this again after the deploy`,
        ]
      : []),
  ];
}

function answerOf(
  policy: string,
  { candidates, never, unlisted }: Acceptable,
  entries: readonly NewEntry[],
  { written }: { readonly written: boolean },
): Answer {
  return {
    document: {
      policy,
      written,
      findings: candidates.length,
      never,
      unlisted,
      entries: entries.map(({ subjects, ...entry }) => ({
        ...entry,
        subject: subjects.map(({ subject }) => subject),
      })),
    },
    exitCode: EXIT.ok,

    text(style: Style) {
      const notes = notesText(neverText(never, unlisted), style);
      if (candidates.length === 0) return `nothing to accept\n${notes}`;
      if (!written) return `${entriesText(entries)}${notes}`;
      const what = `${countText(candidates.length, 'finding')} accepted in ${policy}, in ${countText(entries.length, 'entry', 'entries')}`;
      return `${verdictLine(true, what, style)}${notes}Review the change, then: npx cdk deploy --all\n`;
    },
  };
}
