import type { Command } from 'commander';
import { sha256 } from '../../governance/audit/chain/manifest.js';
import { countText, numberText } from '../../governance/platform/wording.js';
import { acceptedNotes } from '../../governance/policy/accepted-notes.js';
import { callerNotes } from '../../governance/policy/caller-notes.js';
import { regionProblem } from '../../governance/policy/deploy-checks.js';
import { overflowNotes } from '../../governance/policy/overflow-notes.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Workspace } from '../../governance/policy/policy.js';
import { scheduleNotes } from '../../governance/policy/schedule-notes.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { outlookDocument, outlookOf, outlookText } from '../costs/outlook.js';
import { EXIT } from '../failure.js';
import { openPolicy, policyInvalid, readPolicyFrom } from '../policy-file.js';
import { headingText, notesText, verdictLine } from '../terminal/style.js';
import { type Column, left, renderTable, right, shrinking } from '../terminal/table.js';

export function registerPolicyCheck(group: Command, cli: Cli): void {
  group
    .command('check')
    .description(
      'check the policy file, and show its contents, what it creates and what that costs',
    )
    .argument('[file]', 'the policy file, or - for stdin (default: the one of --policy)')
    .addHelpText('after', HELP)
    .action(action(cli, check));
}

const HELP = `
Needs no network. Exits with 2 and every error in the file, if there are any.

Examples:
  $ mistral-governance policy check
  $ mistral-governance policy check staging.yaml --json
  $ yq '.governance' values.yaml | mistral-governance policy check -`;

async function check(
  { stdin, now }: Cli,
  options: CommonOptions,
  given = options.policy,
): Promise<Answer> {
  const path = given === '-' ? 'stdin' : given;
  const policy = given === '-' ? await readPolicyFrom(stdin, path) : openPolicy(path);
  const problem = regionProblem(policy, options.region ?? '');
  if (problem) throw policyInvalid(path, [problem]);
  const warnings = [
    ...callerNotes(policy),
    ...scheduleNotes(policy, now()),
    ...overflowNotes(policy),
    ...acceptedNotes(policy, now()),
  ];
  const keys = plannedKeys(policy).map(({ secretName, workspace, key }) => ({
    secret: secretName,
    workspace: workspace.name,
    rotateEveryDays: key.rotateEveryDays,
    readers: key.readers.length,
  }));
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
  const policySha256 = await sha256(JSON.stringify(policy));

  return {
    document: {
      ...{ policy: path, policySha256, currency, workspaces, keys, roles, callers, warnings },
      ...outlookDocument(outlook),
    },
    exitCode: EXIT.ok,

    text(style) {
      const section = <Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]) =>
        headingText(title, style) + renderTable(rows, style, columns);
      return [
        verdictLine(true, `${path} is a valid policy`, style),
        notesText(warnings, style),
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
        section('roles', roles, [
          left('name', ({ name }) => name),
          shrinking('models', ({ models }) => modelsText(models)),
          right('tokens/request', ({ maxTokensPerRequest }) => numberText(maxTokensPerRequest)),
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
        outlookText(outlook, style),
        `\nSHA-256, as audit reports name this policy: ${policySha256}\n`,
      ].join('');
    },
  };
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
