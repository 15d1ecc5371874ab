import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createOrganization } from '../../governance/mistral/organization.js';
import { createWorkspaceMaker } from '../../governance/mistral/workspace-maker.js';
import { countText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT, type ExitCode } from '../failure.js';
import { requireKeySource } from '../keys/named-key.js';
import { openSource } from '../policy-file.js';
import { PLAIN } from '../terminal/style.js';
import { withIds } from '../workspaces/fill-in.js';
import { readDraft } from '../workspaces/policy-draft.js';
import { type Synced, syncWorkspaces } from '../workspaces/sync.js';
import { comparisonText, idsText, newIds } from '../workspaces/sync-text.js';

interface SyncOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly write?: boolean;
}

export function registerWorkspacesSync(group: Command, cli: Cli): void {
  group
    .command('sync')
    .description("compare the policy's workspaces with Mistral's, and create the missing ones")
    .option('--yes', 'create without asking for confirmation')
    .option('--write', 'put the ids into the policy file without asking for confirmation')
    .addHelpText('after', HELP)
    .action(action(cli, sync));
}

const HELP = `
A workspace without an id in the policy is matched by its name, and created if Mistral has none of that
name. Existing workspaces are not changed. Asks for confirmation before it creates, and before it puts ids into
the policy file; without a terminal, it creates only with --yes and writes only with --write. Uses the Admin API
key in the policy's mistral.adminKeySecret.

Exits with 0 if policy and Mistral agree, or all missing workspaces were created; with 1 if they differ.

Examples:
  $ mistral-governance workspaces sync
  $ mistral-governance workspaces sync --yes --write
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
  const isWritten = await writeIds(cli, options, newIds(synced));
  const isAnyMissing = synced.workspaces.some(({ kind }) => kind === 'missing');
  const needsYes = isAnyMissing && synced.created.length === 0 && !options.yes;
  return {
    document: { ...synced, isWritten },
    exitCode: exitCodeOf(synced, isWritten),
    text: (style) =>
      comparisonText(synced, currency, style) +
      idsText(newIds(synced), isWritten ? options.policy : undefined) +
      (needsYes ? '\nnothing was created: add --yes to create the missing workspaces\n' : ''),
  };
}

/** Puts ids into the policy file, if the user wants it and the file is one in which they can be put. */
async function writeIds(
  { prompts }: Cli,
  { policy: path, write, json }: SyncOptions,
  ids: ReadonlyMap<string, string>,
): Promise<boolean> {
  if (ids.size === 0 || !(write || (!json && prompts.canAsk))) return false;
  const text = withIds(readFileSync(path, 'utf8'), ids);
  if (text === undefined) return false;
  if (!write && !(await prompts.confirm(`Put ${countText(ids.size, 'id')} into ${path}?`))) {
    return false;
  }
  writeFileSync(path, text);
  return true;
}

function exitCodeOf({ workspaces, limits, created }: Synced, isWritten: boolean): ExitCode {
  const createdNames = new Set(created.map(({ name }) => name));
  const agrees = workspaces.every(
    ({ kind, name }) =>
      kind === 'same' || createdNames.has(name) || (kind === 'other-id' && isWritten),
  );
  return agrees && limits.length === 0 ? EXIT.ok : EXIT.no;
}
