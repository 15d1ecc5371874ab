import { type Command, Option } from 'commander';
import { sha256 } from '../../governance/audit/chain/manifest.js';
import { countText, numberText } from '../../governance/platform/wording.js';
import { place } from '../../governance/policy/load-policy.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import {
  inOrderOfPlace,
  type PlacedProblem,
  problemDocument,
} from '../../governance/policy/policy-problem.js';
import { policyWarnings } from '../../governance/policy/policy-warnings.js';
import type { PolicyWarning } from '../../governance/policy/warning.js';
import { EXISTING_COLUMNS, existingSecrets } from '../access/existing-secrets.js';
import { githubAnnotations } from '../annotations.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { outlookDocument, outlookOf, outlookText } from '../costs/outlook.js';
import { EXIT, type ExitCode, failureOf, wrongInput } from '../failure.js';
import { checkedPolicy, openSource, readSource } from '../policy-file.js';
import { type PlacedWarnings, warningsText } from '../terminal/problem-lines.js';
import { headingText, verdictLine } from '../terminal/style.js';
import { type Column, left, renderTable, right, shrinking } from '../terminal/table.js';

export function registerPolicyCheck(group: Command, cli: Cli): void {
  group
    .command('check')
    .description(
      'check the policy file, and show its contents, what it creates and what that costs',
    )
    .argument('[file]', 'the policy file, or - for stdin (default: the one of --policy)')
    .addOption(
      new Option('--format <format>', 'github: annotations for GitHub Actions')
        .choices(['text', 'github'])
        .default('text'),
    )
    .option('--strict', 'fail where there are warnings that are not accepted')
    .addHelpText('after', HELP)
    .action(action(cli, check));
}

const HELP = `
Needs no network. Exits with 2 and every error in the file, if there are any. With --strict, exits with 1
if there are warnings.

Examples:
  $ mistral-governance policy check
  $ mistral-governance policy check staging.yaml --json
  $ mistral-governance policy check --strict --format github
  $ yq '.governance' values.yaml | mistral-governance policy check -`;

interface Options extends CommonOptions {
  readonly format: 'text' | 'github';
  readonly strict?: boolean;
}

interface Checked {
  /** The name of the policy in messages. */
  readonly name: string;
  readonly policy: Policy;
  /** As audit reports name it. */
  readonly policySha256: string;
  readonly warnings: PlacedWarnings;
  readonly exitCode: ExitCode;
}

async function check(cli: Cli, options: Options, given = options.policy): Promise<Answer> {
  if (options.json && options.format === 'github') {
    throw wrongInput('--json and --format github exclude each other: give one of them');
  }
  if (options.format === 'text') {
    return shown(await checked(cli, options, given), options);
  }
  const annotations = (level: 'error' | 'warning', problems: readonly PlacedProblem[]) =>
    githubAnnotations(level, given === '-' ? undefined : given, problems, cli.repository);
  try {
    const { warnings, exitCode } = await checked(cli, options, given);
    return { document: {}, exitCode, text: () => annotations('warning', warnings.open) };
  } catch (error) {
    const { exitCode, message, details } = failureOf(error);
    const problems = details.policyError?.problems ?? [{ path: [], message, place: undefined }];
    return { document: {}, exitCode, text: () => annotations('error', problems) };
  }
}

/** @throws CommandFailure with every error in the policy */
async function checked({ stdin, now }: Cli, options: Options, given: string): Promise<Checked> {
  const name = given === '-' ? 'stdin' : given;
  const source = given === '-' ? await readSource(stdin, name) : openSource(name);
  const policy = checkedPolicy(source, { region: options.region });
  const { open, accepted } = policyWarnings(policy, now());
  const placed = <Warning extends PolicyWarning>(warnings: readonly Warning[]) =>
    inOrderOfPlace(warnings.map((warning) => place(warning, source)));
  return {
    name,
    policy,
    policySha256: await sha256(JSON.stringify(policy)),
    warnings: { open: placed(open), accepted: placed(accepted) },
    exitCode: options.strict && open.length > 0 ? EXIT.no : EXIT.ok,
  };
}

function shown(
  { name: path, policy, policySha256, warnings, exitCode }: Checked,
  options: Options,
): Answer {
  const keys = plannedKeys(policy).map(({ secretName, workspace, key }) => ({
    secret: secretName,
    workspace: workspace.name,
    rotateEveryDays: key.rotateEveryDays,
    readers: key.readers.length,
  }));
  const existing = existingSecrets(policy);
  const { currency } = policy.mistral;
  const workspaces = policy.workspaces.map((workspace) => ({
    name: workspace.name,
    team: workspace.team,
    models: workspace.models,
    requestsPerMinute: workspace.requestsPerMinute,
    budgets: workspace.budgets,
    overflowTo: workspace.overflowTo,
    lends: workspace.lends,
    keys: keys.filter((key) => key.workspace === workspace.name).length,
  }));
  const roles = Object.entries(policy.roles).map(([name, role]) => ({ name, ...role }));
  const { callers } = policy;
  const outlook = outlookOf(policy, options.environment);

  return {
    document: {
      ...{ policy: path, policySha256, currency, workspaces, keys, roles, callers },
      ...(existing.length > 0 && { existingSecrets: existing }),
      errors: [],
      warnings: warnings.open.map(warningDocument),
      acceptedWarnings: warnings.accepted.map((warning) => ({
        ...warningDocument(warning),
        reason: warning.reason,
      })),
      ...outlookDocument(outlook),
    },
    exitCode,

    text(style) {
      const section = <Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]) =>
        headingText(title, style) +
        (rows.length > 0 ? renderTable(rows, style, columns) : style.paint('none\n', 'faint'));
      return [
        exitCode === EXIT.ok
          ? verdictLine(true, `${path} is a valid policy`, style)
          : verdictLine(false, `${path} is valid, and has warnings`, style),
        warningsText(path, warnings, style),
        section('workspaces', workspaces, [
          left('name', ({ name }) => name),
          shrinking('team', ({ team }) => team),
          shrinking('models', ({ models }) => modelsText(models)),
          right('requests/min', ({ requestsPerMinute }) => numberText(requestsPerMinute)),
          left(`budgets (${currency})`, ({ budgets }) => budgetsText(budgets)),
          right('keys', (workspace) => String(workspace.keys)),
        ]),
        section('keys', keys, [
          left('secret', ({ secret }) => secret),
          right('rotates every', ({ rotateEveryDays }) => countText(rotateEveryDays, 'day')),
          right('readers', ({ readers }) => String(readers)),
        ]),
        existing.length > 0 ? section('existing secrets', existing, EXISTING_COLUMNS) : '',
        section('roles', roles, [
          left('name', ({ name }) => name),
          shrinking('models', ({ models }) => modelsText(models)),
          right('tokens/request', ({ maxTokensPerRequest }) => numberText(maxTokensPerRequest)),
          right('audio min/request', ({ limits }) => numberText(limits.audioMinutes)),
          right('tokens/day', ({ dailyTokens }) =>
            dailyTokens === 'unlimited' ? dailyTokens : numberText(dailyTokens),
          ),
        ]),
        section('callers', callers, [
          left('principal', ({ principal }) => principal),
          left('role', ({ role }) => role),
          left('workspace', ({ workspace }) => workspace),
          left('tokens/day for', ({ perSession }) =>
            perSession ? 'each session' : 'all sessions together',
          ),
        ]),
        `\nSHA-256, as audit reports name this policy: ${policySha256}\n`,
        outlookText(outlook, style),
      ].join('');
    },
  };
}

function warningDocument(warning: PolicyWarning & PlacedProblem) {
  const { id, subject } = warning;
  return { id, subject, ...problemDocument(warning) };
}

function modelsText(models: Workspace['models']): string {
  return models === '*' ? 'all' : models.join(', ');
}

function budgetsText(budgets: Workspace['budgets']): string {
  const texts = Object.entries(budgets).map(
    ([field, amount]) => `${amount} ${field.replace(/(Usd|Eur)$/, '')}`,
  );
  return texts.join(', ') || 'none';
}
