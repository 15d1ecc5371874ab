import { expect, test } from 'vitest';
import { COMMANDS, readPage, shellBlocks } from '../../e2e/documents.js';

const PAGE = `# Title

## First

\`\`\`sh
# a comment, no heading
one
\`\`\`

1. In a list:

   \`\`\`sh
   two \\
     goes on
   \`\`\`

\`\`\`js
no();
\`\`\`

### Second

\`\`\`sh
three
\`\`\`
`;

test('commands of a page are found under their headings, as a reader would paste them', () => {
  expect(shellBlocks(PAGE)).toEqual([
    { heading: 'First', text: '# a comment, no heading\none' },
    { heading: 'First', text: 'two \\\n  goes on' },
    { heading: 'Second', text: 'three' },
  ]);
});

test('a command that a page does not give any more is missed, and so is one that it gives twice', () => {
  const runbook = readPage('docs/runbook.md');
  expect(runbook.block('list-schedules', 'governance-audit-missed')).toContain('list-schedules');
  expect(() => runbook.block('delete-bucket', 'governance-audit-missed')).toThrow(
    'docs/runbook.md has 0 blocks of shell commands with "delete-bucket" under "governance-audit-missed"',
  );
  expect(() => runbook.block('list-schedules')).toThrow(/has \d+ blocks of shell commands/);
});

test('every command of the journey stands in its page', () => {
  for (const command of Object.values(COMMANDS).flat()) expect(command).not.toBe('');
});
