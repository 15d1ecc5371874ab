import type { Command } from 'commander';
import { countText, numberText } from '../../governance/platform/wording.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { openPolicy } from '../policy-file.js';
import { headingText, verdictLine } from '../terminal/style.js';
import { type Cell, type Column, renderTable, right, shrinking } from '../terminal/table.js';

export function registerPolicyCheck(group: Command, cli: Cli): void {
  group
    .command('check')
    .description('check the policy file and show its contents')
    .argument('[file]', 'the policy file (default: the one of --policy)')
    .addHelpText('after', HELP)
    .action(action(cli, check));
}

const HELP = `
Needs no network. Exits with 2 and every error in the file, if there are any.

Examples:
  $ mistral-governance policy check
  $ mistral-governance policy check staging.yaml --json`;

function check(_cli: Cli, options: CommonOptions, path = options.policy): Answer {
  return summarize(path, openPolicy(path));
}

/** The contents of a valid policy. */
export function summarize(path: string, policy: Policy): Answer {
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
    keys: keys.filter((key) => key.workspace === workspace.name).length,
  }));
  const roles = Object.entries(policy.roles).map(([name, role]) => ({ name, ...role }));
  const { callers } = policy;

  return {
    document: { policy: path, currency, workspaces, keys, roles, callers },
    exitCode: EXIT.ok,

    text(style) {
      const section = (title: string, columns: readonly Column[], rows: readonly Cell[][]) =>
        headingText(title, style) + renderTable(columns, rows, style);
      return [
        verdictLine(true, `${path} is a valid policy`, style),
        section(
          'workspaces',
          [
            'name',
            shrinking('team'),
            shrinking('models'),
            right('requests/min'),
            `budgets (${currency})`,
            right('keys'),
          ],
          workspaces.map((one) => [
            one.name,
            one.team,
            modelsText(one.models),
            numberText(one.requestsPerMinute),
            budgetsText(one.budgets),
            String(one.keys),
          ]),
        ),
        section(
          'keys',
          ['secret', right('rotates every'), right('readers')],
          keys.map(({ secret, rotateEveryDays, readers }) => [
            secret,
            countText(rotateEveryDays, 'day'),
            String(readers),
          ]),
        ),
        section(
          'roles',
          ['name', shrinking('models'), right('tokens/request'), right('tokens/day')],
          roles.map(({ name, models, maxTokensPerRequest, dailyTokens }) => [
            name,
            modelsText(models),
            numberText(maxTokensPerRequest),
            dailyTokens === 'unlimited' ? dailyTokens : numberText(dailyTokens),
          ]),
        ),
        section(
          'callers',
          ['principal', 'role', 'workspace', 'tokens/day for'],
          callers.map(({ principal, role, workspace, perSession }) => [
            principal,
            role,
            workspace,
            perSession ? 'each session' : 'all sessions together',
          ]),
        ),
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
