import { type Command, Option } from 'commander';
import type { Change } from '../../governance/changes/change.js';
import { plainText } from '../../governance/changes/phrase.js';
import { comparePolicies } from '../../governance/changes/policy-changes.js';
import { type PolicySource, place } from '../../governance/policy/load-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { inOrderOfPlace, pathText } from '../../governance/policy/policy-problem.js';
import { githubAnnotations } from '../annotations.js';
import { type Compared, changesMarkdown, changesText } from '../changes/changes-text.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { sumOf } from '../costs/costs.js';
import { outlookOf } from '../costs/outlook.js';
import { EXIT, wrongInput } from '../failure.js';
import { checkedPolicy, openSource, readSource } from '../policy-file.js';

export function registerPolicyDiff(group: Command, cli: Cli): void {
  group
    .command('diff')
    .description('show what a policy changes for whom, and what its deploy does')
    .argument('[old]', 'the old policy file, or - for stdin')
    .argument('[new]', 'the new policy file, or - for stdin (default: the one of --policy)')
    .option('--deployed', 'compare with the policy that is deployed, instead of an old file')
    .addOption(
      new Option(
        '--format <format>',
        'markdown: for a comment on a pull request; github: annotations for GitHub Actions',
      )
        .choices(['text', 'markdown', 'github'])
        .default('text'),
    )
    .addHelpText('after', HELP)
    .action(action(cli, diff));
}

const HELP = `
Exits with 1 if a caller or reader may do more than before, or more may be spent; with 0 if not.
Between files it needs no network.

Examples:
  $ mistral-governance policy diff main.yaml governance.yaml --format markdown
  $ git show main:governance.yaml | mistral-governance policy diff -
  $ mistral-governance policy diff --deployed --json | jq '.changes[] | select(.effect == "widens")'`;

interface Options extends CommonOptions {
  readonly deployed?: boolean;
  readonly format: 'text' | 'markdown' | 'github';
}

interface Named {
  readonly name: string;
  readonly policy: Policy;
}

async function diff(
  cli: Cli,
  options: Options,
  first: string | undefined,
  second: string | undefined,
): Promise<Answer> {
  const [oldFile, newFile = options.policy] = filesOf(options, first, second);
  // The new one first: what is wrong with it is what a reviewer has to know.
  const source = await openNamed(cli, newFile);
  const after = checkedPolicy(source, options);
  const before =
    oldFile === undefined ? await deployed(cli, options) : await fileNamed(cli, options, oldFile);
  const changes = comparePolicies(before.policy, after, cli.now().getTime());
  const cents = (policy: Policy) => sumOf(outlookOf(policy, options.environment).monthly);
  const compared: Compared = {
    old: before.name,
    now: source.name,
    changes,
    cents: { before: cents(before.policy), after: cents(after) },
  };
  return {
    document: documentOf(compared, source),
    exitCode: changes.effect === 'widens' ? EXIT.no : EXIT.ok,

    text(style) {
      if (options.format === 'markdown') return changesMarkdown(compared);
      if (options.format === 'text') return changesText(compared, style);
      const widening = changes.changes.filter(({ effect }) => effect === 'widens');
      const problems = inOrderOfPlace(
        widening.map((change) => place({ path: change.path, message: textOf(change) }, source)),
      );
      const file = newFile === '-' ? undefined : newFile;
      return githubAnnotations('warning', file, problems, cli.repository);
    },
  };
}

/** @throws CommandFailure where it is not clear which file is which */
function filesOf(
  { deployed: isDeployed }: Options,
  first: string | undefined,
  second: string | undefined,
): readonly [oldFile: string | undefined, newFile: string | undefined] {
  if (isDeployed && second !== undefined) {
    throw wrongInput('--deployed stands for the old policy: name the new file alone');
  }
  if (isDeployed) return [undefined, first];
  if (first === undefined) {
    throw wrongInput('the old policy is missing: name its file, - for stdin, or --deployed');
  }
  if (first === '-' && second === '-') {
    throw wrongInput('stdin holds one policy: only one of the two can be -');
  }
  return [first, second];
}

async function openNamed({ stdin }: Cli, file: string): Promise<PolicySource> {
  return file === '-' ? await readSource(stdin, 'stdin') : openSource(file);
}

async function fileNamed(cli: Cli, options: Options, file: string): Promise<Named> {
  const source = await openNamed(cli, file);
  return { name: source.name, policy: checkedPolicy(source, options) };
}

async function deployed(cli: Cli, options: Options): Promise<Named> {
  const { readDeployedPolicy } = await import('../deployed-policy.js');
  return readDeployedPolicy(cli, options);
}

function documentOf({ old, now, changes: found, cents }: Compared, source: PolicySource) {
  const { access, limits, keys, settings, changes, monthly, deploy, effect } = found;
  return {
    ...{ old, new: now, effect },
    changes: changes.map((change) => ({
      section: change.section,
      effect: change.effect,
      subject: plainText(change.subject),
      what: plainText(change.what),
      path: pathText(change.path),
      line: change.path.length > 0 ? source.placeOf(change.path)?.line : undefined,
    })),
    ...{ access, limits, keys, settings },
    monthlyBudgets: monthly,
    deploy: deploy.map(plainText),
    costs: {
      currency: 'USD',
      monthlyNanos: { before: nanosOf(cents.before), after: nanosOf(cents.after) },
    },
  };
}

function nanosOf(cents: number): number {
  return cents * 10_000_000;
}

function textOf({ subject, what }: Change): string {
  return `${plainText(subject)}: ${plainText(what)}`;
}
