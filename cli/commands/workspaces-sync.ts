import type { Command } from 'commander';
import { createOrganization } from '../../governance/mistral/organization.js';
import { createWorkspaceMaker } from '../../governance/mistral/workspace-maker.js';
import type { Currency } from '../../governance/platform/wording.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { refuseWithOperator } from '../keys/who-makes-keys.js';
import { openDocument } from '../policy-file.js';
import { PLAIN } from '../terminal/style.js';
import { readDraft } from '../workspaces/policy-draft.js';
import { type SyncDeps, type Synced, syncWorkspaces } from '../workspaces/sync.js';
import { comparisonText, syncedText } from '../workspaces/sync-text.js';

interface SyncOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function registerWorkspacesSync(group: Command, cli: Cli): void {
  group
    .command('sync')
    .description("compare the policy's workspaces with Mistral's, and create those missing there")
    .option('--yes', 'create without asking')
    .addHelpText(
      'after',
      `
A workspace that has no id in the policy yet is looked for by its name, and created where there is
none. Nothing is renamed, archived or limited. Asks before it creates; without a terminal only --yes
does. Uses the Admin API key in the policy's mistral.adminKeySecret.

Exits with 0 where both agree, or all that was missing is created; with 1 where they differ.

Examples:
  $ mistral-governance workspaces sync
  $ mistral-governance workspaces sync --yes --json | jq .created`,
    )
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<SyncOptions>();
      return cli.run(options, () => sync(options, cli));
    });
}

async function sync(options: SyncOptions, cli: Cli): Promise<Answer> {
  const draft = readDraft(options.policy, openDocument(options.policy));
  const { currency } = draft.policy.mistral;
  refuseWithOperator(
    draft.policy,
    "create workspaces in Mistral's console and put their ids into the policy",
  );
  const { openMistralAdmin } = await import('../mistral.js'); // the SDK takes longer than the rest
  const admin = openMistralAdmin(draft.policy, options, cli.keys);
  const deps: SyncDeps = {
    organization: createOrganization(admin),
    maker: createWorkspaceMaker(admin),
    now: cli.now,
    progress: cli.progress,
    async confirm(comparison) {
      if (options.yes) return true;
      if (options.json || !cli.questions.canAsk) return false;
      cli.progress.line(comparisonText(comparison, currency, PLAIN));
      return await cli.questions.confirm('Create the missing workspaces at Mistral?');
    },
  };
  const synced = await syncWorkspaces(deps, draft);
  return answerOf(synced, currency, options);
}

function answerOf(synced: Synced, currency: Currency, options: SyncOptions): Answer {
  const isAnyMissing = synced.workspaces.some(({ kind }) => kind === 'missing');
  const isLeftOut = isAnyMissing && synced.created.length === 0;
  return {
    document: { ...synced },
    exitCode: exitCodeOf(synced),
    text: (style) =>
      syncedText(synced, currency, style) +
      (isLeftOut && !options.yes ? '\nnothing was created: --yes does\n' : ''),
  };
}

function exitCodeOf({ workspaces, limits, created }: Synced): ExitCode {
  const made = new Set(created.map(({ name }) => name));
  const agrees = workspaces.every(({ kind, name }) => kind === 'same' || made.has(name));
  return agrees && limits.length === 0 ? EXIT.ok : EXIT.no;
}
