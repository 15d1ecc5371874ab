import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What stands between a block's fences, and what comes before it. */
const FENCE_OR_HEADING =
  /^(?<indent> *)```(?<language>\w*)\n(?<text>[\s\S]*?)\n\k<indent>```$|^#{1,6} +(?<title>.+)$/gm;

interface Block {
  readonly heading: string;
  readonly text: string;
}

/** Every block of shell commands of a page, with the heading that it stands under. */
export function shellBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  for (const { groups = {} } of markdown.matchAll(FENCE_OR_HEADING)) {
    const { indent = '', language, text = '', title } = groups;
    heading = title ?? heading;
    const lines = text.split('\n').map((line) => line.replace(indent, ''));
    if (language === 'sh') blocks.push({ heading, text: lines.join('\n') });
  }
  return blocks;
}

/** A page of this repository, whose commands are run as it gives them. */
export function readPage(path: string) {
  const blocks = shellBlocks(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));

  return {
    blocks,

    /** The one block of shell commands that contains `part`. @throws Error if there is none, or another */
    block(part: string, heading?: string): string {
      const found = blocks.filter(
        (block) => block.text.includes(part) && (heading ?? block.heading) === block.heading,
      );
      const [one, ...others] = new Set(found.map(({ text }) => text));
      if (one !== undefined && others.length === 0) return one;
      const under = heading ? ` under "${heading}"` : '';
      throw new Error(
        `${path} has ${found.length} blocks of shell commands with "${part}"${under}`,
      );
    },
  };
}

/** Pages whose every command is run, or said not to be. */
export const FOLLOWED = [
  'README.md',
  ...['policy', 'upgrading', 'recovery', 'accounts', 'compliance', 'terraform'].map(
    (name) => `docs/${name}.md`,
  ),
];

const readme = readPage('README.md');
const runbook = readPage('docs/runbook.md');
const recovery = readPage('docs/recovery.md');
const missed = (job: string) => runbook.block('list-schedules', `governance-${job}-missed`);

/** All that users paste in the journey: a page that has lost one is noticed before anything starts. */
export const COMMANDS = {
  storeAdminKey: readme.block('create-secret'),
  bootstrap: readme.block('cdk bootstrap'),
  deploy: readme.block('cdk deploy'),
  showFirstKey: readme.block('describe-secret'),
  readKey: readPage('docs/reading-keys.md').block('get-secret-value'),
  callGateway: readme.block('--aws-sigv4'),
  defineNames: runbook.block('STACK='),
  rotate: runbook.block('rotate-secret --secret-id "$SECRET"\nlabels'),
  rotateLeaked: runbook.block('OLD_VERSION=$(version_at AWSCURRENT)'),
  awaitNewVersion: runbook.block('until ['),
  revokeLeaked: runbook.block('--name "revoke-$NEW_VERSION"'),
  statusOfRevocation: runbook.block('revoke-$NEW_VERSION/'),
  statusOfRetirement: runbook.block('"$(retirement)" --query status'),
  openFindings: runbook.block('{"S":"findings"}', 'audit-digest'),
  audit: runbook.block('lambda invoke', 'audit-digest'),
  auditsNotStarted: runbook.block('receive-message', 'governance-audit-not-started'),
  schedulesOfJobs: [missed('audit'), missed('spend-monitor')],
  checkBudget: runbook.block('get-item --table-name "$QUOTAS"'),
  failedRetirements: runbook.block('list-executions', 'governance-retirement-failed'),
  recovery: {
    restoreItems: recovery.block('restore-table-to-point-in-time'),
    compareItems: recovery.block('> now.json'),
    putBackRecords: recovery.block('batch-write-item'),
    putBackCounters: recovery.block('> counters.jsonl'),
    dropCopy: recovery.block('delete-table'),
    restoreTable: recovery.block('restore-table-from-backup'),
    restoreSettings: recovery.block('update-time-to-live'),
    keepEncryptionKey: recovery.block('cancel-key-deletion'),
    hiddenEvidence: recovery.block('EVIDENCE=$(output'),
    showEvidence: recovery.block('delete-object'),
    deletedSecrets: recovery.block('--include-planned-deletion'),
    restoreSecret: recovery.block('restore-secret'),
    forgetSecrets: recovery.block('--force-delete-without-recovery'),
    prepareRegion: recovery.block('replicate-secret-to-regions'),
    deployElsewhere: recovery.block('AWS_REGION=$OTHER_REGION'),
  },
  monitorSpend: runbook.block('.spentNanos', 'spend-threshold'),
};
