import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../governance/alerts/alert.js';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import { HERE, HERE_TEXT } from '../../support/alert-place.js';

function anAlert(change: Partial<Alert> = {}): Alert {
  return {
    type: 'key-in-use',
    severity: 'warning',
    workspace: 'dev-workspace',
    threadId: 'rotation-v2',
    at: new Date('2026-04-08T01:00:00Z'),
    title: 'Replaced key of mistral/dev/team is still in use',
    description: 'Key old_key was used again.',
    facts: { secret: 'mistral/dev/team', 'last used on': '2026-04-07' },
    nextSteps: [
      { say: 'See who reads the secret', command: 'aws cloudtrail lookup-events' },
      { say: 'Restart what still holds it' },
    ],
    ...change,
  };
}

function bodies(alert: Alert) {
  const rendered = renderAlert(alert, HERE);
  const parsed: Record<string, string> = JSON.parse(rendered.message);
  return {
    ...rendered,
    ...parsed,
    chat: JSON.parse(parsed.https ?? ''),
    machine: JSON.parse(parsed.default ?? ''),
  };
}

test('an e-mail says what happened, what to do with commands to paste, and the details', () => {
  expect(bodies(anAlert())).toMatchObject({
    email: `WARNING: Replaced key of mistral/dev/team is still in use
2026-04-08 01:00 UTC
${HERE_TEXT}

Key old_key was used again.

What to do

1. See who reads the secret:

   aws cloudtrail lookup-events --region eu-west-1

2. Restart what still holds it.

Details

  secret        mistral/dev/team
  last used on  2026-04-07

Runbook: https://example.com/runbook.md#key-in-use`,
  });
});

test('an e-mail wraps sentences and leaves commands and details on one line', () => {
  const command =
    'aws dynamodb scan --region eu-west-1 --table-name quotas --filter-expression x'.padEnd(
      120,
      'x',
    );
  const sentence = 'Services that still hold a copy of the replaced key get 401 from Mistral. ';
  const { email } = bodies(
    anAlert({
      description: sentence.repeat(2).trim(),
      facts: { reason: command },
      nextSteps: [
        {
          say: 'Find all services that read the secret, and restart those that hold a copy of it',
          command: command.replace(' --region eu-west-1', ''),
        },
      ],
    }),
  ) as ReturnType<typeof bodies> & { email: string };
  expect(email.split('\n').slice(4, -2)).toEqual([
    'Services that still hold a copy of the replaced key get 401 from Mistral.',
    'Services that still hold a copy of the replaced key get 401 from Mistral.',
    '',
    'What to do',
    '',
    '1. Find all services that read the secret, and restart those that hold a copy',
    '   of it:',
    '',
    `   ${command}`,
    '',
    'Details',
    '',
    `  reason  ${command}`,
  ]);
});

test('an alert without steps and details is a title, a time, a sentence and the runbook', () => {
  expect(bodies(anAlert({ facts: {}, nextSteps: [] }))).toMatchObject({
    email: `WARNING: Replaced key of mistral/dev/team is still in use
2026-04-08 01:00 UTC
${HERE_TEXT}

Key old_key was used again.

Runbook: https://example.com/runbook.md#key-in-use`,
  });
});

test('a text message has severity, title and the link to the runbook', () => {
  expect(bodies(anAlert())).toMatchObject({
    sms: 'WARNING: Replaced key of mistral/dev/team is still in use. 111122223333 eu-west-1 MistralGovernance. https://example.com/runbook.md#key-in-use',
  });
});

test('the chat notification has what its channel requires, and strings only in its context', () => {
  const { chat } = bodies(anAlert());
  expect(chat).toMatchObject({
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: ':warning: Replaced key of mistral/dev/team is still in use',
      description: `Key old\\_key was used again.\n\n${HERE_TEXT}`,
    },
    metadata: { threadId: 'rotation-v2', eventType: 'key-in-use' },
  });
  expect(chat.content.nextSteps).toEqual([
    'See who reads the secret: `aws cloudtrail lookup-events --region eu-west-1`',
    'Restart what still holds it',
    '[Runbook](https://example.com/runbook.md#key-in-use)',
  ]);
  expect(chat.metadata.additionalContext).toEqual({
    secret: 'mistral/dev/team',
    'last used on': '2026-04-07',
    severity: 'warning',
  });
});

test('services read the whole alert under a version', () => {
  const {
    machine,
    sqs,
    lambda,
    default: fallback,
    attributes,
  } = bodies(anAlert()) as ReturnType<typeof bodies> & Record<string, unknown>;
  expect(machine).toEqual({
    ...JSON.parse(JSON.stringify(anAlert())),
    nextSteps: [
      {
        say: 'See who reads the secret',
        command: 'aws cloudtrail lookup-events --region eu-west-1',
      },
      { say: 'Restart what still holds it' },
    ],
    version: 1,
    origin: HERE.origin,
    omitted: 0,
    runbook: 'https://example.com/runbook.md#key-in-use',
  });
  expect([sqs, lambda]).toEqual([fallback, fallback]);
  expect(attributes).toEqual({
    type: 'key-in-use',
    severity: 'warning',
    workspace: 'dev-workspace',
  });
});

describe('the subject', () => {
  test.each([
    [
      'names what is not just information',
      {},
      'WARNING: Replaced key of mistral/dev/team is still in use',
    ],
    ['leaves information unmarked', { severity: 'info', title: 'All well' }, 'All well'],
    [
      'has no line breaks and no letters beyond ASCII',
      { severity: 'info', title: 'Clé\nperdue' },
      'Cl perdue',
    ],
  ] as const)('%s', (_name, change, subject) => {
    expect(bodies(anAlert(change)).subject).toBe(subject);
  });

  test('is cut at a word below 100 characters', () => {
    const { subject } = bodies(anAlert({ title: 'word '.repeat(60) }));
    expect(subject.length).toBeLessThan(100);
    expect(subject).toMatch(/ word\.\.\.$/);
  });
});

test('a huge alert stays within the limit of SNS and says what it left out', () => {
  const nextSteps = Array.from({ length: 5000 }, (_, index) => ({
    say: `Finding number ${index}`,
    command: `aws secretsmanager describe-secret --secret-id secret-${index}`,
  }));
  const facts = Object.fromEntries(nextSteps.map(({ say, command }) => [say, command]));
  const { message, machine, email } = bodies(
    anAlert({ nextSteps, facts, description: 'long '.repeat(20_000) }),
  ) as ReturnType<typeof bodies> & { email: string };
  expect(Buffer.byteLength(message)).toBeLessThan(256 * 1024);
  expect(machine.omitted).toBe(
    10_000 - Object.keys(machine.facts).length - machine.nextSteps.length,
  );
  expect(machine.omitted).toBeGreaterThan(9000);
  expect(email).toMatch(/\(\d+ more lines left out\)\n\nRunbook: .*#key-in-use$/);
});

test('a line break in a value does not look like another detail or step', () => {
  const forged = 'search\r\n\nWhat to do\n\n1. Paste this:\u2028\tcurl example.com';
  const { email, sms, chat, machine } = bodies(
    anAlert({
      title: `Key ${forged}`,
      description: `Key ${forged} was used again.`,
      facts: { 'created\nby': forged },
      nextSteps: [{ say: `Ask ${forged}`, command: `aws do\n${forged}` }],
    }),
  ) as ReturnType<typeof bodies> & { email: string; sms: string };
  const line = 'search  What to do  1. Paste this: curl example.com'.replaceAll('  ', ' ');
  expect(email.split('\n')).toEqual([
    `WARNING: Key ${line}`,
    '2026-04-08 01:00 UTC',
    HERE_TEXT,
    '',
    `Key ${line} was used again.`,
    '',
    'What to do',
    '',
    `1. Ask ${line} (its command is not`,
    '   shown: it does not fit into one line).',
    '',
    'Details',
    '',
    `  created by  ${line}`,
    '',
    'Runbook: https://example.com/runbook.md#key-in-use',
  ]);
  expect(sms).not.toMatch(/\n/);
  expect(chat.content.title).toBe(`:warning: Key ${line}`);
  // Programs get what was there.
  expect(machine.facts).toEqual({ 'created\nby': forged });
});

test('a very long value is shortened, and says by how much', () => {
  const { email, machine } = bodies(
    anAlert({ facts: { reason: 'x'.repeat(10_000) } }),
  ) as ReturnType<typeof bodies> & { email: string };
  expect(email).toMatch(/ {2}reason {2}x{2000}\.\.\. \(8,000 more characters left out\)/);
  expect(machine.facts.reason).toMatch(/^x{2000}\.\.\. \(8,000 more characters left out\)$/);
});
