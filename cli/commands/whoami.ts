import type { Command } from 'commander';
import { instantText, numberText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli } from '../cli.js';
import { CommandFailure, EXIT } from '../failure.js';
import { type GatewayOptions, gatewayOption, openGateway } from '../proxy/open-gateway.js';
import { askStanding, type Standing } from '../proxy/standing.js';
import { headingText, verdictLine } from '../terminal/style.js';
import { type Cell, left, renderTable, right, shrinking } from '../terminal/table.js';

export function registerWhoami(program: Command, cli: Cli): void {
  program
    .command('whoami')
    .description('show who you are to the gateway, what you may use, and what is left of it')
    .addOption(gatewayOption())
    .addHelpText('after', HELP)
    .action(action(cli, whoami));
}

const HELP = `
Asks the deployed gateway, with AWS's default credentials. Of budgets, which the callers of a workspace share, it
shows the percentage that is left. Nothing is spent. Exits with 1 if the policy does not name you as a caller.

Examples:
  $ mistral-governance whoami --profile dev
  $ mistral-governance whoami --json | jq '.quotas[] | select(.unit == "tokens").left'`;

async function whoami(cli: Cli, options: GatewayOptions): Promise<Answer> {
  const gateway = await openGateway(cli, options);
  const standing = await cli.progress.during('asking the gateway', () => askStanding(gateway));
  if ('code' in standing) {
    const isAnswer = standing.code === 'unknown_caller';
    throw new CommandFailure(
      standing.code,
      isAnswer ? EXIT.no : EXIT.unreachable,
      standing.message,
    );
  }
  const { caller, role, workspace } = standing;
  return {
    document: { gateway: gateway.url.href, ...standing },
    exitCode: EXIT.ok,
    text: (style) =>
      verdictLine(true, `${caller} has the role ${role} in ${workspace}`, style) +
      `\n${renderTable(standing.models, style, [
        left('model', ({ id }) => id),
        right('max_tokens', (model) => numberText(model.max_tokens)),
        shrinking('endpoints', ({ endpoints }) => endpoints?.join(' ') ?? 'not known yet'),
      ])}` +
      headingText('what is left', style) +
      renderTable(standing.quotas, style, [
        left('', ({ unit, window }) => `${unit} per ${window}`),
        right('left', leftCell),
        right('of', (quota) => ('limit' in quota ? numberText(quota.limit) : '')),
        left('counted for', ({ shared }) => (shared ? `all callers of ${workspace}` : 'you')),
        left('resets', ({ resets_at }) => instantText(new Date(resets_at), cli.now())),
      ]),
  };
}

const NEAR_PERCENT = 20;

function leftCell(quota: Standing['quotas'][number]): Cell {
  const isCounted = 'limit' in quota;
  const percent = isCounted ? (100 * quota.left) / quota.limit : quota.left_percent;
  const text = isCounted ? numberText(quota.left) : `${percent} %`;
  return { text, tone: percent > NEAR_PERCENT ? 'good' : percent > 0 ? 'warn' : 'bad' };
}
