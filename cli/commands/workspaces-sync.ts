import type { Command } from 'commander';
import { createOrganization } from '../../governance/mistral/organization.js';
import { createWorkspaceMaker } from '../../governance/mistral/workspace-maker.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT, type ExitCode } from '../failure.js';
import { requireKeySource } from '../keys/named-key.js';
import { openSource } from '../policy-file.js';
import { PLAIN } from '../terminal/style.js';
import { readDraft } from '../workspaces/policy-draft.js';
import { type Synced, syncWorkspaces } from '../workspaces/sync.js';
import { comparisonText, syncedText } from '../workspaces/sync-text.js';

interface SyncOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function registerWorkspacesSync(group: Command, cli: Cli): void {
  group
    .command('sync')
    .description("compare the policy's workspaces with Mistral's, and create the missing ones")
    .option('--yes', 'create without asking for confirmation')
    .addHelpText('after', HELP)
    .action(action(cli, sync));
}

const HELP = `
A workspace without an id in the policy is matched by its name, and created if Mistral has none of that
name. Existing workspaces are not changed. Asks for confirmation before it creates; without a terminal,
it creates only with --yes. Uses the Admin API key in the policy's mistral.adminKeySecret.

Exits with 0 if policy and Mistral agree, or all missing workspaces were created; with 1 if they differ.

Examples:
  $ mistral-governance workspaces sync
  $ mistral-governance workspaces sync --yes --json | jq .created`;

async function sync(cli: Cli, options: SyncOptions): Promise<Answer> {
  const draft = readDraft(openSource(options.policy));
  const { currency } = draft.policy.mistral;
  requireKeySource(
    draft.policy,
    'admin-api',
    "create the workspaces in Mistral's console and put their ids into the policy",
  );
  const { openMistralAdmin } = await import('../mistral.js'); // the SDK takes longest to load
  const admin = openMistralAdmin(draft.policy, options, cli.keys, await cli.outbound());
  const { now, progress, prompts } = cli;
  const deps = {
    organization: createOrganization(admin),
    maker: createWorkspaceMaker(admin),
    now,
    progress,
    async confirm(comparison: Omit<Synced, 'created'>) {
      if (options.yes) return true;
      if (options.json || !prompts.canAsk) return false;
      progress.line(comparisonText(comparison, currency, PLAIN));
      return await prompts.confirm('Create the missing workspaces at Mistral?');
    },
  };
  const synced = await syncWorkspaces(deps, draft);
  const isAnyMissing = synced.workspaces.some(({ kind }) => kind === 'missing');
  const needsYes = isAnyMissing && synced.created.length === 0 && !options.yes;
  return {
    document: { ...synced },
    exitCode: exitCodeOf(synced),
    text: (style) =>
      syncedText(synced, currency, style) +
      (needsYes ? '\nnothing was created: add --yes to create the missing workspaces\n' : ''),
  };
}

function exitCodeOf({ workspaces, limits, created }: Synced): ExitCode {
  const createdNames = new Set(created.map(({ name }) => name));
  const agrees = workspaces.every(({ kind, name }) => kind === 'same' || createdNames.has(name));
  return agrees && limits.length === 0 ? EXIT.ok : EXIT.no;
}
