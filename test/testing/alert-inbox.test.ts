import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Alert, AlertBlock } from '../../governance/alerts/alert.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { localAws } from '../../testing/aws.js';
import { createAlertInbox } from '../../testing/fakes/alert-inbox.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { RUNBOOK } from '../support/alert-place.js';
import { aPolicy } from '../support/builders.js';

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const AT = new Date('2026-04-08T01:00:00Z');

/** The stand-in for SNS, and a client of the SDK that calls it over HTTP. */
async function localSns() {
  const inbox = createAlertInbox(() => AT);
  const server = await serveHttp(inbox.answer);
  onTestFinished(() => server.close());
  const client = new SNSClient({ ...localAws(server.url), maxAttempts: 1 });
  return { inbox, client };
}

describe('the stand-in for SNS', () => {
  test.each<[what: string, input: object, problem: string | undefined]>([
    ['a subject of 99 characters', { Subject: 'x'.repeat(99) }, undefined],
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }, 'Subject'],
    ['a subject with a line break', { Subject: 'one\ntwo' }, 'Subject'],
    ['a subject beyond ASCII', { Subject: 'clé' }, 'Subject'],
    ['a subject that begins with a space', { Subject: ' x' }, 'Subject'],
    ['a message of 256 KB', { Message: messageOf(262_144 - 4) }, undefined],
    ['a message of 256 KB and a byte', { Message: messageOf(262_145 - 4) }, 'Message too long'],
    ['a message of 256 KB with attributes', { Message: messageOf(262_144) }, 'Message too long'],
    ['a message without a default', { Message: '{"sms":"x"}' }, 'Message Structure'],
    [
      'an attribute without a value',
      { MessageAttributes: { type: { DataType: 'String', StringValue: '' } } },
      "The message attribute 'type'",
    ],
  ])('takes or rejects %s as SNS does', async (_what, input, problem) => {
    const { inbox, client } = await localSns();
    const published = client.send(
      new PublishCommand({
        TopicArn: TOPIC,
        Subject: 'x',
        Message: messageOf(100),
        MessageStructure: 'json',
        MessageAttributes: { a: { DataType: 'String', StringValue: 'bcd' } },
        ...input,
      }),
    );
    if (problem === undefined) await expect(published).resolves.toBeDefined();
    else await expect(published).rejects.toThrow(`Invalid parameter: ${problem}`);
    expect(inbox.messages).toHaveLength(problem === undefined ? 1 : 0);
  });

  test.each([
    [[10, 5, 3], undefined],
    [[151], 'Filter policy is too complex'],
    [[14, 11], 'Filter policy is too complex'],
    [[1, 1, 1, 1, 1, 1], 'can not have more than 5 keys'],
  ])('takes or rejects a filter with lists of %j', async (sizes, problem) => {
    const { client } = await localSns();
    const filter = Object.fromEntries(
      sizes.map((size, at) => [`key${at}`, Array.from({ length: size }, (_, i) => `v${i}`)]),
    );
    const subscribed = client.send(
      new SubscribeCommand({
        TopicArn: TOPIC,
        Protocol: 'email',
        Endpoint: 'on-call@example.com',
        Attributes: { FilterPolicy: JSON.stringify(filter) },
      }),
    );
    if (problem === undefined) await expect(subscribed).resolves.toBeDefined();
    else await expect(subscribed).rejects.toThrow(problem);
  });
});

test('the stand-in for SNS delivers to those whose filter selects every attribute of a message', async () => {
  const { inbox, client } = await localSns();
  const filters = {
    all: undefined,
    critical: { severity: ['critical'] },
    team: { type: ['key-needed', 'deletion-needed'], workspace: ['app'] },
    other: { owner: ['app'] },
  };
  for (const [Endpoint, filter] of Object.entries(filters)) {
    const Attributes = filter && { FilterPolicy: JSON.stringify(filter) };
    const subscription = { TopicArn: TOPIC, Protocol: 'email', Endpoint, Attributes };
    await client.send(new SubscribeCommand(subscription));
  }
  for (const [type, severity, workspace] of [
    ['key-needed', 'critical', 'app'],
    ['key-needed', 'warning', 'web'],
    ['deletion-needed', 'info', 'app'],
  ]) {
    const attributes = Object.entries({ type, severity, workspace });
    await client.send(
      new PublishCommand({
        ...{ TopicArn: TOPIC, Subject: 'x', Message: messageOf(100), MessageStructure: 'json' },
        MessageAttributes: Object.fromEntries(
          attributes.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
        ),
      }),
    );
  }
  expect(inbox.messages.map(({ deliveredTo }) => deliveredTo)).toEqual([
    ['email:all', 'email:critical', 'email:team'],
    ['email:all'],
    ['email:all', 'email:team'],
  ]);
});

function messageOf(bytes: number): string {
  const frame = JSON.stringify({ default: '' });
  return JSON.stringify({ default: 'x'.repeat(bytes - frame.length) });
}

const HOSTILE = {
  'line breaks': 'one\r\nDetails\n\n  owner  someone else\u2028x\u0085y',
  'control characters': '\u0000\u001b[2J\u0007\u200e\u202e',
  'letters of four bytes': '🔑'.repeat(30_000),
  'escapes of JSON': '"\\'.repeat(10_000),
  'halves of letters': '\ud83d'.repeat(10_000),
  nothing: '',
};

describe('every alert fits into what SNS takes', () => {
  test.each(Object.entries(HOSTILE))('with %s in every text', async (_what, text) => {
    const { inbox, client } = await localSns();
    const topic = createAlertPublisher(
      client,
      { ALERTS_TOPIC_ARN: TOPIC },
      {
        ...aPolicy().alerts,
        runbookUrl: RUNBOOK,
      },
      undefined,
    );
    const block: AlertBlock = {
      severity: 'warning',
      title: text,
      lines: [text, text],
      next: { say: text, command: text },
      data: { text },
    };
    const alert: Alert = {
      type: 'audit-digest',
      severity: 'info',
      workspace: 'organization',
      threadId: text,
      at: AT,
      title: text,
      description: text,
      facts: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i} ${text}`, text])),
      data: { text },
      nextSteps: Array.from({ length: 100 }, () => ({ say: text, command: text })),
    };
    await topic.publish(alert);
    await topic.publish({ ...alert, workspace: '' });
    await topic.publish({
      ...alert,
      sections: Array.from({ length: 5 }, () => ({ heading: text, blocks: Array(50).fill(block) })),
    });
    expect(inbox.messages).toHaveLength(3);
    for (const { subject, bodies } of inbox.messages) {
      expect(subject).not.toBe('');
      expect(JSON.parse(bodies.https ?? '')).toMatchObject({ source: 'custom' });
      expect(JSON.parse(bodies.sqs ?? '')).toMatchObject({ version: 1, type: 'audit-digest' });
      expect(bodies.email).toMatch(/Runbook: https:\/\/example\.com\/runbook\.md#audit-digest$/);
    }
  });
});
