import type { Command } from 'commander';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { openPolicy } from '../policy-file.js';
import { type Cell, type Column, renderTable } from '../terminal/table.js';

export function registerPolicyCheck(group: Command, cli: Cli): void {
  group
    .command('check')
    .description('check the policy file and say what is in it')
    .argument('[file]', 'the policy file (default: the one of --policy)')
    .addHelpText(
      'after',
      `
Needs no network. Exits with 2 and all that is wrong with the file, if anything is.

Examples:
  $ mistral-governance policy check
  $ mistral-governance policy check staging.yaml --json`,
    )
    .action((file: string | undefined, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const path = file ?? options.policy;
      return cli.run(options, () => summarize(path, openPolicy(path)));
    });
}

/** What a policy without mistakes asks for. */
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
  const callers = policy.callers;

  return {
    document: { policy: path, currency, workspaces, keys, roles, callers },
    exitCode: EXIT.ok,

    text(style) {
      const table = (columns: readonly Column[], rows: readonly Cell[][]) =>
        renderTable(columns, rows, style);
      const heading = (text: string) => `\n${style.paint(text, 'strong')}\n`;
      return [
        `${style.paint('✓', 'good')} ${path} is a valid policy\n`,
        heading('workspaces'),
        table(
          [
            { title: 'name' },
            { title: 'team', shrinks: true },
            { title: 'models', shrinks: true },
            { title: 'requests/min', align: 'right' },
            { title: `budgets (${currency})` },
            { title: 'keys', align: 'right' },
          ],
          workspaces.map((one) => [
            one.name,
            one.team,
            modelsText(one.models),
            String(one.requestsPerMinute),
            budgetsText(one.budgets),
            String(one.keys),
          ]),
        ),
        heading('keys'),
        table(
          [
            { title: 'secret' },
            { title: 'rotates', align: 'right' },
            { title: 'readers', align: 'right' },
          ],
          keys.map((key) => [key.secret, `${key.rotateEveryDays} days`, String(key.readers)]),
        ),
        heading('roles'),
        table(
          [
            { title: 'name' },
            { title: 'models', shrinks: true },
            { title: 'tokens/request', align: 'right' },
            { title: 'tokens/day', align: 'right' },
          ],
          roles.map(({ name, models, maxTokensPerRequest, dailyTokens }) => [
            name,
            modelsText(models),
            String(maxTokensPerRequest),
            String(dailyTokens),
          ]),
        ),
        heading('callers'),
        table(
          [
            { title: 'principal' },
            { title: 'role' },
            { title: 'workspace' },
            { title: 'tokens count for' },
          ],
          callers.map(({ principal, role, workspace, perSession }) => [
            principal,
            role,
            workspace,
            perSession ? 'each session' : 'all together',
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
