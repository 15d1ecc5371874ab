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
    /** The shell commands under a heading that contain `part`. @throws Error if there are none */
    block(heading: string, part = ''): string {
      const found = blocks.find((block) => block.heading === heading && block.text.includes(part));
      if (found) return found.text;
      throw new Error(`${path} has no shell commands with "${part}" under "${heading}"`);
    },
  };
}

const readme = readPage('README.md');
const runbook = readPage('docs/runbook.md');
const missed = (job: string) => runbook.block(`governance-${job}-missed`, 'list-schedules');

/** All that users paste in the journey: a page that has lost one is noticed before anything starts. */
export const COMMANDS = {
  storeAdminKey: readme.block('Deploy for real', 'create-secret'),
  showFirstKey: readme.block('Deploy for real', 'describe-secret'),
  readKey: readme.block('Read a key in a service', 'aws secretsmanager'),
  defineNames: runbook.block('Before anything else', 'STACK='),
  rotate: runbook.block('Rotate now', 'rotate-secret'),
  rotateLeaked: runbook.block('A leaked key', 'OLD_VERSION='),
  awaitNewVersion: runbook.block('A leaked key', 'until'),
  revokeLeaked: runbook.block('A leaked key', 'start-execution'),
  statusOfRevocation: runbook.block(
    'A leaked key',
    'describe-execution --execution-arn "$(retirement |',
  ),
  statusOfRetirement: runbook.block('Undo a rotation', 'query status'),
  openFindings: runbook.block('audit-digest', 'dynamodb query'),
  audit: runbook.block('audit-digest', 'lambda invoke'),
  auditsNotStarted: runbook.block('governance-audit-not-started', 'receive-message'),
  schedulesOfJobs: [missed('audit'), missed('spend-monitor')],
  checkBudget: runbook.block("Check a budget's counter", 'get-item'),
  failedRetirements: runbook.block('governance-retirement-failed', 'list-executions'),
  monitorSpend: runbook.block('spend-threshold', 'lambda invoke'),
};
