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

test('fails for a command that a page no longer has', () => {
  const runbook = readPage('docs/runbook.md');
  expect(runbook.block('Rotate now')).toContain('rotate-secret');
  expect(() => runbook.block('Rotate now', 'delete-secret')).toThrow(
    'docs/runbook.md has no shell commands with "delete-secret" under "Rotate now"',
  );
});

test('every command of the journey is in its page', () => {
  for (const command of Object.values(COMMANDS).flat()) expect(command).not.toBe('');
});
