import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of this repository, whose commands are run as it gives them. */
interface Page {
  /** The block of shell commands under a heading that contains `part`. @throws Error if there is none */
  block(heading: string, part?: string): string;
}

const OPENING = /^(?<indent> *)```(?<language>\w*)$/;
const HEADING = /^#{1,6} +(?<title>.+)$/;

export function readPage(path: string): Page {
  const blocks = shellBlocks(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));

  return {
    block(heading, part = '') {
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
  checkBudget: runbook.block("Look at a budget's counter", 'get-item'),
  failedRetirements: runbook.block('governance-retirement-failed', 'list-executions'),
  monitorSpend: runbook.block('spend-threshold', 'lambda invoke'),
};

interface Block {
  readonly heading: string;
  readonly text: string;
}

/** Every block of shell commands, with the heading that it stands under. */
export function shellBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { indent: string; language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    if (open && line === `${open.indent}\`\`\``) {
      if (open.language === 'sh') blocks.push({ heading, text: open.lines.join('\n') });
      open = undefined;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else {
      const { indent, language } = OPENING.exec(line)?.groups ?? {};
      if (indent !== undefined) open = { indent, language: language ?? '', lines: [] };
      else heading = HEADING.exec(line)?.groups?.title ?? heading;
    }
  }
  return blocks;
}
