import { expect, test } from 'vitest';
import type { Alert, AlertBlock } from '../../../governance/alerts/alert.js';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import { HERE, HERE_TEXT } from '../../support/alert-place.js';

const block = (title: string, change: Partial<AlertBlock> = {}): AlertBlock => ({
  severity: 'warning',
  title,
  lines: ['Never expires.'],
  next: { say: 'delete it', command: 'aws do --it' },
  data: { findings: [{ id: title }] },
  ...change,
});

function bodies(sections: NonNullable<Alert['sections']>) {
  const { message } = renderAlert(
    {
      type: 'audit-digest',
      severity: 'warning',
      workspace: 'organization',
      threadId: 'nightly-audit',
      at: new Date('2026-06-30T02:00:00Z'),
      title: '2 new keys',
      description: 'Findings of the nightly key audit.',
      facts: {},
      nextSteps: [{ say: 'Full report', command: 'aws s3 cp s3://report .' }],
      sections,
    },
    HERE,
  );
  const { email = '', https = '', sms = '', default: machine = '' } = JSON.parse(message);
  return { message, email, sms, chat: JSON.parse(https), machine: JSON.parse(machine) };
}

test('blocks that need an action are numbered throughout, others are bullets', () => {
  const done = { severity: undefined, next: undefined, lines: [] };
  const { email } = bodies([
    { heading: 'New', blocks: [block('one'), block('two', { next: { say: 'ask its owner' } })] },
    { heading: 'Still open', blocks: [block('three', { severity: 'critical' })] },
    { heading: 'Resolved', blocks: [block('four', done), block('five', done)] },
  ]);
  expect(email).toBe(`New

1. WARNING  one
   - Never expires.
   Next: delete it:
   aws do --it

2. WARNING  two
   - Never expires.
   Next: ask its owner

Still open

3. CRITICAL  three
   - Never expires.
   Next: delete it:
   aws do --it

Resolved

- four
- five

Full report: aws s3 cp --region eu-west-1 s3://report .
${HERE_TEXT}
Runbook: https://example.com/runbook.md#audit-digest`);
});

test('a chat shows names as they are and commands to copy', () => {
  const { chat } = bodies([{ heading: 'New', blocks: [block('my_*key*')] }]);
  expect(chat.content.description).toContain('1. WARNING  my\\_\\*key\\*\n');
  expect(chat.content.description).toContain('   Next: delete it:\n   `aws do --it`');
});

test('a text message has the first titles and where to read on', () => {
  const blocks = Array.from({ length: 50 }, (_, i) => block(`key number ${i}`));
  const { sms } = bodies([{ heading: 'New', blocks }]);
  expect(sms).toMatch(
    /^WARNING: 2 new keys\. key number 0\. .* key number \d+\. 111122223333 eu-west-1 MistralGovernance\. https:.*#audit-digest$/,
  );
  expect(sms.length).toBeLessThanOrEqual(300);
});

test('bodies of very many blocks stay within what SNS takes, and say how many they leave out', () => {
  const name = '🗝️"\\'.repeat(16);
  const blocks = Array.from({ length: 500 }, (_, i) =>
    block(`${i} ${name}`, { lines: [name, name, name], data: { findings: [{ name }, { name }] } }),
  );
  const { message, email, chat, machine } = bodies([
    { heading: 'New', blocks },
    { heading: 'Still open', blocks: blocks.slice(0, 7) },
  ]);
  expect(Buffer.byteLength(message)).toBeLessThan(256 * 1024);
  expect(email).toMatch(/\n25\. WARNING {2}24 /);
  expect(email).toContain('\n\nand 475 more\n\nStill open\n\n26. WARNING');
  expect(chat.content.description).toMatch(
    /\n\nand 4\d\d more\n\nStill open\n\nand 7 more\n\nAccount .*\.$/,
  );
  const [first, second] = machine.sections;
  expect(first.blocks.length + first.omitted).toBe(500);
  expect(machine.omitted).toBe(first.omitted + second.omitted);
});
